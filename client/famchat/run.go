package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"famchat/client"
	"famchat/internal/version"
	"famchat/protocol"
)

const help = `Usage: famchat [--name NAME] [ADDR]

Chats with your family. ADDR is where the famchatd is: HOST, HOST:PORT or
unix:PATH. Without it the environment variable FAMCHAT_ADDR says where, or else
it is ` + client.DefaultAddr + `.

  --name NAME  go by NAME; without it the server asks for your name
  --version    print the version
  --help       print this

What you type is sent at Enter. The empty line is not sent. Ctrl-D or Ctrl-C
leaves. /help, once you are in, tells what else can be typed.

Where the input or the output is not a terminal, famchat sends the lines of its
input, prints the lines that the server sends and nothing else, and ends when
the server has closed the connection. It is no faster than the server wants it.
NO_COLOR in the environment turns the colours off.

The exit status is 0 after a goodbye, 1 where there was no server, it went first,
refused NAME or could not be sent everything, and 2 for wrong usage.

Examples:

  famchat
  famchat --name anna 192.168.1.20
  echo "Dinner is ready" | famchat --name kitchen
  printf 'bot\nhello\n' | famchat
`

// The exit codes of famchat.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// options are what the command line asks for.
type options struct {
	name    string
	addr    string
	version bool
}

// run is famchat but for the process: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	opts, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return report(stderr, print(stdout, help))
	case err != nil:
		_ = print(stderr, fmt.Sprintf("famchat: %v\nfamchat --help tells how it is used\n", err))
		return exitUsage
	case opts.version:
		return report(stderr, print(stdout, "famchat "+version.String()+"\n"))
	}
	conn, err := client.Dial(ctx, opts.addr)
	switch {
	case errors.Is(err, client.ErrBadAddr):
		report(stderr, err)
		return exitUsage
	case err != nil:
		return report(stderr, err)
	}
	terminal := client.IsTerminal(stdin) && client.IsTerminal(stdout)
	return report(stderr, client.Run(ctx, client.Options{
		Conn:     conn,
		In:       stdin,
		Out:      stdout,
		Err:      stderr,
		Name:     opts.name,
		Terminal: terminal,
		Color:    terminal && os.Getenv("NO_COLOR") == "",
	}))
}

// parse reads the command line. Flags may stand after the address, too.
func parse(args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("famchat", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&opts.name, "name", "", "")
	flags.BoolVar(&opts.version, "version", false, "")
	var addrs []string
	for {
		if err := flags.Parse(args); err != nil {
			return options{}, err
		}
		if flags.NArg() == 0 {
			break
		}
		addrs = append(addrs, flags.Arg(0))
		args = flags.Args()[1:]
	}
	switch {
	case len(addrs) > 1:
		return options{}, fmt.Errorf("one address is enough; these are %d: %q", len(addrs), addrs)
	case len(opts.name) > protocol.MaxString:
		return options{}, fmt.Errorf("the name is longer than %d bytes", protocol.MaxString)
	case len(addrs) == 1:
		opts.addr = addrs[0]
	default:
		opts.addr = os.Getenv("FAMCHAT_ADDR")
		if opts.addr == "" {
			opts.addr = client.DefaultAddr
		}
	}
	return opts, nil
}

func print(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

// report says what went wrong, if anything did, and returns the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	_ = print(stderr, fmt.Sprintf("famchat: %v\n", err))
	return exitFailed
}
