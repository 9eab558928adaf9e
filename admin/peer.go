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

// peerOf returns who is at the other end of conn, a unix socket.
func peerOf(conn net.Conn) (peer, error) {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return peer{}, fmt.Errorf("%T is no unix socket", conn)
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return peer{}, err
	}
	var p peer
	var failed error
	if err := raw.Control(func(fd uintptr) { p, failed = credentials(int(fd)) }); err != nil {
		return peer{}, err
	}
	return p, failed
}
