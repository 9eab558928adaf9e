// Command famchat-bench measures famchatd against the floor, the cheapest
// program that copies bytes from one socket to all (package floor): deliveries a
// second, latency, memory and rest, interleaved in one run. It is a load
// generator, a set of measurements and a report; it knows the wire and the two
// prompts of the chat, and nothing of the daemon's inside. README.md beside this
// folder says what each figure is.
//
// What is measured is checked first: every member got every message once and in
// order; and after every timed window each member must have received exactly
// the bytes that were due. Where not, the run fails.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // a measurement failed or was interrupted
	exitUsage  = 2 // the flags are wrong, or this is not Linux
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
