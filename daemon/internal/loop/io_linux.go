package loop

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The sockets never block, so the calls below go straight to the kernel: telling
// Go's scheduler of each would cost more than many of them take. None allocates.
// SIGPIPE needs no care: Go's runtime ignores it for every descriptor but 1 and 2
// of an os.File.

// MaxBuffers is how many buffers one Write takes, the kernel's IOV_MAX.
const MaxBuffers = 1024

// vector is the kernel's list of buffers, used again for every write.
type vector struct {
	iov [MaxBuffers]unix.Iovec
}

// write writes bufs in one call.
func (v *vector) write(fd int, bufs [][]byte) (int, error) {
	count, only := 0, 0
	for i, b := range bufs {
		if len(b) == 0 {
			continue
		}
		if count == MaxBuffers {
			break
		}
		v.iov[count].Base = &b[0]
		v.iov[count].SetLen(len(b))
		only = i
		count++
	}
	iov := v.iov[:count]
	defer clear(iov) // the buffers are not ours to keep alive
	switch count {
	case 0:
		return 0, nil
	case 1:
		return write(fd, bufs[only])
	}
	return call(unix.SYS_WRITEV, fd, unsafe.Pointer(&iov[0]), count)
}

// write writes b, which is not empty.
func write(fd int, b []byte) (int, error) {
	return call(unix.SYS_WRITE, fd, unsafe.Pointer(&b[0]), len(b))
}

// read reads into b, which is not empty. 0 and no error is the end.
func read(fd int, b []byte) (int, error) {
	return call(unix.SYS_READ, fd, unsafe.Pointer(&b[0]), len(b))
}

func call(number uintptr, fd int, p unsafe.Pointer, n int) (int, error) {
	for {
		r, _, errno := unix.RawSyscall(number, uintptr(fd), uintptr(p), uintptr(n))
		switch errno {
		case 0:
			return int(r), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// accept accepts without asking for the address, which RemoteAddr does.
func accept(listener int) (int, error) {
	for {
		const flags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC
		fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener), 0, 0, flags, 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return -1, errno
		}
	}
}

// setKeepalive sets tcp(7)'s options, in seconds.
func setKeepalive(fd, idle, interval, count int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, idle)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, interval)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, count)
}

func setUserTimeout(fd, millis int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, millis)
}

// unreadRequest asks for the number of bytes to be read.
const unreadRequest = unix.TIOCINQ
