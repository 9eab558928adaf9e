package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"famchat/daemon/internal/screen"
	"famchat/internal/flags"
	"famchat/internal/version"
)

const usage = `famchatd is the server of a family's chat.

  famchatd [-c FILE] [--check] [--version]

  -c FILE     read the settings from FILE; without it the built-in famchat.yaml counts
  --check     say what is wrong with the settings, and start nothing
  --version   print the version

SIGHUP reads FILE again. SIGTERM and Ctrl-C stop with a goodbye to everyone; a
second one stops at once. The log goes to stderr.
`

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1 // it could not listen, or broke
	exitUsage  = 2 // wrong arguments or settings
)

// gcPercent trades CPU, of which an idle chat needs none, for memory: what a
// thousand people cost is mostly what the collector leaves lying about.
const gcPercent = 25

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	set := flag.NewFlagSet("famchatd", flag.ContinueOnError)
	file := set.String("c", "", "")
	check := set.Bool("check", false, "")
	showVersion := set.Bool("version", false, "")
	words, err := flags.Parse(set, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		return exitDone
	}
	if err == nil && len(words) > 0 {
		err = fmt.Errorf("%q is one word too many", words[0])
	}
	if err != nil {
		fmt.Fprintf(stderr, "famchatd: %v\nfamchatd --help tells how it is used\n", err)
		return exitUsage
	}
	if *showVersion {
		fmt.Fprintln(stdout, "famchatd", version.String())
		return exitDone
	}
	c, err := settings(*file)
	if err != nil {
		fmt.Fprintln(stderr, indent(err))
		return exitUsage
	}
	if *check {
		if err := errors.Join(checkState(c), tryPlugins(ctx, c)); err != nil {
			fmt.Fprintln(stderr, indent(err))
			return exitUsage
		}
		fmt.Fprintf(stdout, "%s: all is well\n", c.doc.File)
		return exitDone
	}
	return serve(ctx, *file, c, stderr)
}

// settings loads and checks the settings.
func settings(file string) (config, error) {
	c, err := loadConfig(file)
	if err != nil {
		return c, err
	}
	if err := locate(c.doc, c.daemon().Validate()); err != nil {
		return c, err
	}
	_, err = c.hostConfig(nil)
	return c, err
}

// newLog makes the log. Every string in it goes the way that a stranger's text
// goes to a screen.
func newLog(c logConfig, level *slog.LevelVar, w io.Writer) *slog.Logger {
	setLevel(level, c.Level)
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch v := a.Value; v.Kind() {
		case slog.KindString:
			a.Value = slog.StringValue(screen.Line(v.String()))
		case slog.KindAny:
			if err, ok := v.Any().(error); ok {
				a.Value = slog.StringValue(screen.Line(err.Error()))
			}
		}
		return a
	}}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func setLevel(level *slog.LevelVar, name string) {
	var l slog.Level
	_ = l.UnmarshalText([]byte(name)) // checked when it was read
	level.Set(l)
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil
}

// indent puts famchatd's name before the first line of an error, and lines up
// the others.
func indent(err error) string {
	return "famchatd: " + strings.ReplaceAll(err.Error(), "\n", "\n          ")
}
