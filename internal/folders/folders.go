// Package folders says in which folders famchat's programs keep what they need: where
// the system has places for that, there. It makes none of them.
package folders

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

const own = "famchat"

// State is the folder for what outlives a person's programs: $XDG_STATE_HOME/famchat,
// else ~/.local/state/famchat (XDG Base Directory Specification).
func State(getenv func(string) string) (string, error) {
	// One that is not absolute does not count.
	if state := getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, own), nil
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", own), nil
	}
	return "", errors.New("neither XDG_STATE_HOME nor HOME is set")
}

// Runtime is the folder for the sockets of whoever asks: that of system services
// (/run/famchat) for root and for the user whom it belongs to, else
// $XDG_RUNTIME_DIR/famchat, else famchat-UID in the temporary folder.
func Runtime() string {
	run := "/run"
	if runtime.GOOS != "linux" {
		run = "/var/run"
	}
	return runtimeOf(filepath.Join(run, own), os.Geteuid(), os.Getenv("XDG_RUNTIME_DIR"), os.TempDir())
}

func runtimeOf(service string, uid int, runtimeDir, temp string) string {
	if uid == 0 || belongsTo(service, uid) {
		return service
	}
	if filepath.IsAbs(runtimeDir) {
		return filepath.Join(runtimeDir, own)
	}
	return filepath.Join(temp, own+"-"+strconv.Itoa(uid))
}

// belongsTo reports whether a folder is there and a user's.
func belongsTo(folder string, uid int) bool {
	info, err := os.Lstat(folder)
	if err != nil || !info.IsDir() {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == uid
}
