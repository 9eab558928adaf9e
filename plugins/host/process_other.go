//go:build !linux

package host

import "syscall"

// sysProcAttr gives a plugin a group of its own, so that Ctrl-C in the daemon's
// terminal is not for it.
func sysProcAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// limit does nothing: only Linux can bound another process.
func limit(int, int64) {}

// awaitEnd does nothing: who was left in the group is signalled after it.
func awaitEnd(int) {}

// keepDescriptors does nothing: what Go opens is not inherited.
func keepDescriptors() {}
