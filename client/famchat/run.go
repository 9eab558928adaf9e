package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"famchat/client"
	"famchat/client/internal/lineedit/tty"
	"famchat/internal/flags"
	"famchat/internal/folders"
	"famchat/internal/history"
	"famchat/internal/version"
	"famchat/protocol"
)

const help = `Usage: famchat [--name NAME] [--reconnect] [ADDR]

Chats with your family. ADDR is where the famchatd is: HOST, HOST:PORT,
[IPV6]:PORT or unix:PATH. Without it the environment variable FAMCHAT_ADDR says
where, or else it is ` + client.DefaultAddr + `.

  --name NAME   go by NAME; without it the server asks for your name
  --reconnect   when the server has gone, try again by itself, with the same name
  --no-bell     do not ring the terminal's bell when somebody mentions you
  --no-history  do not keep what you type for the next time, nor recall it
  --version     print the version
  --help        print this

On a terminal:

  Enter sends, Alt-Enter begins a new line in the same message; a paste of several
  lines is one message. Up and Down go through what you typed, Ctrl-R searches it,
  Tab completes names, commands and words. Ctrl-C throws the line away (Up brings
  it back); with nothing typed it leaves, as Ctrl-D does. Ctrl-Z stops famchat, fg
  continues it. Ctrl-L paints the screen again. The other keys are those of Emacs:
  Ctrl-A E B F D H K U W Y T, Alt-B F D. /help, once you are in, tells what can be
  typed.

Where the input or the output is not a terminal, famchat sends the lines of its
input, prints the lines that the server sends and nothing else, and ends when
the server has closed the connection. It is no faster than the server wants it.

What you type is kept in $XDG_STATE_HOME/famchat/history, or else in
~/.local/state/famchat/history, which only you may read; names are not.
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
	name      string
	addr      string
	reconnect bool
	noBell    bool
	noHistory bool
	version   bool
}

// run is famchat but for the process: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	opts, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return report(stderr, print(stdout, help))
	case err != nil:
		return misused(stderr, err)
	case opts.version:
		return report(stderr, print(stdout, "famchat "+version.String()+"\n"))
	}
	// A dumb terminal cannot be drawn on.
	terminal := tty.Is(stdin) && tty.Is(stdout) && os.Getenv("TERM") != "dumb"
	if opts.reconnect && !terminal {
		return misused(stderr, errors.New("--reconnect is for a terminal; a script starts famchat again itself"))
	}
	conn, err := client.Dial(ctx, opts.addr)
	switch {
	case errors.Is(err, client.ErrBadAddr):
		return misused(stderr, err)
	case err != nil:
		return report(stderr, err)
	}
	o := client.Options{Conn: conn, In: stdin, Out: stdout, Err: stderr, Name: opts.name}
	if terminal {
		o.History = openHistory(opts, stderr)
		if err := onTerminal(&o, opts, stdin.(*os.File), stdout.(*os.File)); err != nil {
			conn.Close()
			return report(stderr, err)
		}
	}
	return report(stderr, client.Run(ctx, o))
}

// onTerminal adds to o what a person at a terminal needs.
func onTerminal(o *client.Options, opts options, in, out *os.File) error {
	t, err := tty.Open(in, out)
	if err != nil {
		return err
	}
	o.In, o.Terminal = t, t
	o.Color = os.Getenv("NO_COLOR") == ""
	o.Bell = !opts.noBell
	o.Truncates = tty.Truncates(os.Getenv)
	o.Redial = func(ctx context.Context) (net.Conn, error) { return client.Dial(ctx, opts.addr) }
	o.Reconnect = opts.reconnect
	return nil
}

// openHistory opens what was typed before, if it is wanted. A chat without it is one
// all the same.
func openHistory(opts options, stderr io.Writer) client.History {
	if opts.noHistory {
		return nil
	}
	folder, err := folders.State(os.Getenv)
	if err == nil {
		var h *history.File
		if h, err = history.Open(filepath.Join(folder, "history")); err == nil {
			return h
		}
	}
	_ = print(stderr, fmt.Sprintf("famchat: what you type is not kept for the next time: %v\n", err))
	return nil
}

// misused says what is wrong with the command line.
func misused(stderr io.Writer, err error) int {
	_ = print(stderr, fmt.Sprintf("famchat: %v\nfamchat --help tells how it is used\n", err))
	return exitUsage
}

// parse reads the command line.
func parse(args []string) (options, error) {
	var opts options
	set := flag.NewFlagSet("famchat", flag.ContinueOnError)
	set.StringVar(&opts.name, "name", "", "")
	set.BoolVar(&opts.reconnect, "reconnect", false, "")
	set.BoolVar(&opts.noBell, "no-bell", false, "")
	set.BoolVar(&opts.noHistory, "no-history", false, "")
	set.BoolVar(&opts.version, "version", false, "")
	addrs, err := flags.Parse(set, args)
	if err != nil {
		return options{}, err
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
