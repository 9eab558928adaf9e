//go:build !linux

package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
)

// run says that the benchmark needs Linux.
func run(_ context.Context, _ []string, _, stderr io.Writer) int {
	fmt.Fprintf(stderr, "famchat-bench needs Linux (epoll, /proc, CPU affinity); this is %s\n", runtime.GOOS)
	return exitUsage
}
