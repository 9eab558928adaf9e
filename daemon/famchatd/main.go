// Famchatd is the daemon of a family's chat: it puts famchat.yaml, the signals
// and the log together with package daemon, which does the rest.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A log that nobody reads any more is no reason to end the chat.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
