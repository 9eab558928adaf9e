//go:build unix && !linux

package loop

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// bell is a pipe to ourselves.
type bell struct {
	reader, writer int
}

func (b *bell) open() error {
	// Nobody may start a process before the ends are close-on-exec.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		return err
	}
	b.reader, b.writer = ends[0], ends[1]
	unix.CloseOnExec(b.reader)
	unix.CloseOnExec(b.writer)
	err := errors.Join(unix.SetNonblock(b.reader, true), unix.SetNonblock(b.writer, true))
	if err != nil {
		b.close()
	}
	return err
}

// fd is what is readable when it was rung.
func (b *bell) fd() int { return b.reader }

// ring writes a byte. A pipe that is full is rung already.
func (b *bell) ring() { _, _ = write(b.writer, []byte{1}) }

func (b *bell) quiet() {
	var bytes [64]byte
	_, _ = read(b.reader, bytes[:])
}

func (b *bell) close() {
	unix.Close(b.reader)
	unix.Close(b.writer)
}
