//go:build unix && !linux

package loop

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// MaxBuffers is how many buffers one Write takes.
const MaxBuffers = 1024

// vector has nothing to keep here: not every Unix lets Go gather a write without
// allocating.
type vector struct{}

// write writes bufs one by one until one is not taken whole.
func (*vector) write(fd int, bufs [][]byte) (n int, err error) {
	for _, b := range bufs[:min(len(bufs), MaxBuffers)] {
		if len(b) == 0 {
			continue
		}
		took, err := write(fd, b)
		n += took
		if err != nil && n > 0 {
			return n, nil // the next write says it again
		}
		if err != nil || took < len(b) {
			return n, err
		}
	}
	return n, nil
}

// write writes b, which is not empty.
func write(fd int, b []byte) (int, error) { return retried(unix.Write, fd, b) }

// read reads into b, which is not empty. 0 and no error is the end.
func read(fd int, b []byte) (int, error) { return retried(unix.Read, fd, b) }

func retried(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if err == nil {
			return n, nil
		}
		if err != unix.EINTR {
			return 0, err
		}
	}
}

// accept accepts one. Not every Unix can make a descriptor close-on-exec as it is
// made, so it holds off who starts a process meanwhile; that is the only lock that
// the loop takes, and it is held for as long as a fork takes.
func accept(listener int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for {
		fd, _, err := unix.Accept(listener)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return -1, err
		}
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			unix.Close(fd)
			return -1, err
		}
		return fd, nil
	}
}

// setKeepalive sets what this system has of it, in seconds. The numbers are those
// of its <netinet/tcp.h>; OpenBSD has none and keeps its own times.
func setKeepalive(fd, idle, interval, count int) {
	var idleOption, intervalOption, countOption int
	switch runtime.GOOS {
	case "darwin", "ios":
		idleOption, intervalOption, countOption = 0x10, 0x101, 0x102
	case "freebsd":
		idleOption, intervalOption, countOption = 0x100, 0x200, 0x400
	case "netbsd":
		idleOption, intervalOption, countOption = 0x3, 0x5, 0x6
	default:
		return
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, idleOption, idle)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, intervalOption, interval)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, countOption, count)
}

// setUserTimeout has no counterpart here.
func setUserTimeout(_, _ int) {}

// unreadRequest asks for the number of bytes to be read: FIONREAD, which is
// _IOR('f', 127, int) on every BSD.
const unreadRequest = 0x4004667f
