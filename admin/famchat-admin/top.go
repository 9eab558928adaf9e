package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/muesli/cancelreader"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

const (
	defaultInterval = 2 * time.Second
	minInterval     = 200 * time.Millisecond
)

// What switches a terminal to another screen, and back to the one that was there: the
// cursor is hidden meanwhile, and lines that are too long are not wrapped.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
)

func topCommand(a *app) *cobra.Command {
	interval := durationFlag(defaultInterval)
	c := &cobra.Command{
		Use: "top", Short: "Show the same live, the busiest first", GroupID: daemon, Args: noArgs,
		Long: `Shows live what stats and list show, with what happened per second since the
last look, the busiest members first. q, Ctrl-C or Ctrl-D ends it.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if !a.terminal {
				return usage(c, "top needs a terminal; stats and list print the same once")
			}
			if time.Duration(interval) < minInterval {
				return usage(c, "--interval is at least %v", minInterval)
			}
			return a.top(c.Context(), a.in.(*os.File), time.Duration(interval))
		},
	}
	c.Flags().Var(&interval, "interval", "between two looks")
	complete(c, "interval", "1s", "2s", "10s")
	return c
}

// top draws until a key or ctx ends it. The terminal is as before then, whatever happens.
func (a *app) top(ctx context.Context, in *os.File, interval time.Duration) error {
	// What cannot be looked at once needs no screen of its own.
	now, err := a.look(ctx)
	if err != nil {
		return err
	}
	mode, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return err
	}
	defer func() { _ = term.Restore(int(in.Fd()), mode) }()
	a.p.control(enterScreen)
	defer a.p.control(leaveScreen)

	ctx, end := context.WithCancel(ctx)
	defer end()
	keys, err := cancelreader.NewReader(in)
	if err != nil {
		return err
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer end()
		untilQuit(keys)
	}()
	defer func() {
		keys.Cancel()
		<-read
		keys.Close()
	}()
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	before := now
	for {
		width, height, err := term.GetSize(int(in.Fd()))
		if err != nil {
			return err
		}
		a.p.screen(drawTop(before, now, width, height))
		if err := a.p.flush(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-resized:
		case <-tick.C:
			next, err := a.look(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return endOfWatch(err)
			}
			before, now = now, next
		}
	}
}

// untilQuit reads keys until one that ends it.
func untilQuit(keys io.Reader) {
	var b [64]byte
	for {
		n, err := keys.Read(b[:])
		for _, key := range b[:n] {
			switch key {
			case 'q', 'Q', 3, 4: // Ctrl-C, Ctrl-D
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// control writes what switches the terminal.
func (p *printer) control(sequence string) {
	p.write(sequence)
	_ = p.flush()
}

// screen draws lines from the top of the screen, in place of what is there.
func (p *printer) screen(lines []styledLine) {
	p.write("\x1b[H")
	for i, l := range lines {
		if i > 0 {
			p.write("\r\n")
		}
		p.write(styled(l.style, l.text, p.color) + "\x1b[K")
	}
	p.write("\x1b[J")
}
