package daemon

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"famchat/daemon/internal/loop"

	"golang.org/x/sys/unix"
)

// listening are the sockets of a server. The loop has copies of their
// descriptors; both are closed to stop listening.
type listening struct {
	listeners []net.Listener
	copies    []loop.Listener
}

// listen opens the sockets of a Config and copies them for the loop.
func listen(c Config) (*listening, error) {
	l := &listening{listeners: append([]net.Listener(nil), c.Listeners...)}
	for _, address := range c.Listen {
		s, err := listenAt(address)
		if err != nil {
			l.close()
			return nil, fmt.Errorf("listening at %s: %w", address, err)
		}
		l.listeners = append(l.listeners, s)
	}
	for _, s := range l.listeners {
		fd, err := copyDescriptor(s)
		if err != nil {
			l.close()
			return nil, fmt.Errorf("taking over the listener at %s: %w", s.Addr(), err)
		}
		l.copies = append(l.copies, loop.Listener{FD: fd, Network: s.Addr().Network()})
	}
	return l, nil
}

func listenAt(address string) (net.Listener, error) {
	path, isUnix := strings.CutPrefix(address, "unix:")
	if !isUnix {
		return net.Listen("tcp", address)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	return net.Listen("unix", path)
}

// removeStale removes a socket that nobody listens at any more. Anything else
// that is there is left alone.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("%s is there and is no socket; it is left alone", path)
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
		return fmt.Errorf("somebody listens there already")
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// copyDescriptor returns a descriptor of its own for the socket of s, which does
// not block and is closed in child processes.
func copyDescriptor(s net.Listener) (int, error) {
	sc, ok := s.(syscall.Conn)
	if !ok {
		return -1, errors.New("it is neither a TCP nor a unix listener")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1, err
	}
	copied := -1
	var dupErr error
	err = raw.Control(func(fd uintptr) {
		copied, dupErr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err = errors.Join(err, dupErr); err != nil {
		return -1, err
	}
	return copied, unix.SetNonblock(copied, true)
}

// release gives up the sockets; the loop still has its copies.
func (l *listening) release() {
	for _, s := range l.listeners {
		s.Close()
	}
}

// close closes the sockets and the copies that no loop has.
func (l *listening) close() {
	l.release()
	for _, c := range l.copies {
		unix.Close(c.FD)
	}
}

// addrs are where it listens.
func (l *listening) addrs() []net.Addr {
	addrs := make([]net.Addr, len(l.listeners))
	for i, s := range l.listeners {
		addrs[i] = s.Addr()
	}
	return addrs
}
