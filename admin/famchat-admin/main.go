// Famchat-admin looks after a family's chat: a console, and the same commands one by
// one. It knows what package admin can ask, and nothing of how a daemon works inside.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endOn()...)
	// A second signal ends it at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// endOn returns the signals that end famchat-admin, whatever it does. Those that whoever
// started it had ignored (nohup) stay ignored. SIGINT ends a command, not a console.
func endOn() []os.Signal {
	var sigs []os.Signal
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) {
			sigs = append(sigs, sig)
		}
	}
	return sigs
}
