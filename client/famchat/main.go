// Famchat is the client of a family's chat: it connects to a famchatd, sends
// what is typed and shows what comes back.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A closed standard output is an error of a write, not the end before the goodbye.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), leaveOn()...)
	// A second signal ends it at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// leaveOn returns the signals on which famchat says goodbye. Those that whoever
// started it had ignored (nohup, or a job in the background) stay ignored.
func leaveOn() []os.Signal {
	var sigs []os.Signal
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) {
			sigs = append(sigs, sig)
		}
	}
	return sigs
}
