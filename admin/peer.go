package admin

import (
	"fmt"
	"net"
)

// peer is who is at the other end of a socket, as the system says.
type peer struct {
	uid int
	pid int // 0 where the system does not say
}

// nobody is who is not known: not the zero value, which would be root.
var nobody = peer{uid: -1}

// peerOf returns who is at the other end of conn, a unix socket.
func peerOf(conn net.Conn) (peer, error) {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return nobody, fmt.Errorf("%T is no unix socket", conn)
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return nobody, err
	}
	p := nobody
	var failed error
	if err := raw.Control(func(fd uintptr) { p, failed = credentials(int(fd)) }); err != nil {
		return nobody, err
	}
	return p, failed
}
