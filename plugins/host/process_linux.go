package host

import (
	"fmt"
	"math"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sysProcAttr gives a plugin a group of its own, so that Ctrl-C in the daemon's
// terminal is not for it, and the kernel's word that it ends with the daemon.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// oomScore makes the kernel kill a plugin before the daemon.
const oomScore = "500"

// limit bounds how much a process may allocate. A plugin works without it too.
func limit(pid int, memory int64) {
	l := unix.Rlimit{Cur: uint64(memory), Max: uint64(memory)}
	_ = unix.Prlimit(pid, unix.RLIMIT_DATA, &l, nil)
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte(oomScore), 0)
}

// awaitEnd returns when a process has ended and is yet to be reaped.
func awaitEnd(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// keepDescriptors sees to it that no descriptor goes to a plugin which is not meant
// for it: one that this process was started with, say.
func keepDescriptors() {
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
}
