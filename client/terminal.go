package client

import (
	"os"

	"golang.org/x/sys/unix"
)

// IsTerminal tells whether f, a reader or a writer, is a file that is a
// terminal. A terminal is what has a window size, however unknown: this is how
// musl's isatty tells, and every Unix has it.
func IsTerminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return false
	}
	terminal := false
	err = conn.Control(func(fd uintptr) {
		_, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ)
		terminal = err == nil
	})
	return err == nil && terminal
}
