//go:build darwin || freebsd

package admin

import "golang.org/x/sys/unix"

// solLocal is the level of the options of unix sockets, <sys/un.h>.
const solLocal = 0

func credentials(fd int) (peer, error) {
	c, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return nobody, err
	}
	return peer{uid: int(c.Uid)}, nil
}
