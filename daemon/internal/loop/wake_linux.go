package loop

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// bell is an eventfd(2).
type bell struct {
	event int
}

func (b *bell) open() (err error) {
	b.event, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	return err
}

// fd is what is readable when it was rung.
func (b *bell) fd() int { return b.event }

// ring adds one. It cannot fail: the counter would have to be full.
func (b *bell) ring() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = write(b.event, one[:])
}

func (b *bell) quiet() {
	var count [8]byte
	_, _ = read(b.event, count[:])
}

func (b *bell) close() { unix.Close(b.event) }
