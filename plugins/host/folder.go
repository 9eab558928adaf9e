package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"famchat/internal/folders"
)

const (
	// maxFolderBytes is how long the path of the folder may be: a socket's is some 50
	// bytes longer, and one of more than 92 cannot be bound everywhere.
	maxFolderBytes = 40
	// own is what the folders of running hosts are called, before a number.
	own = "p-"
)

// folder is where the sockets of one host's plugins are. It is locked as long as
// the host lives, so that another can tell what is left over.
type folder struct {
	path string
	lock *os.File
}

// DefaultFolder is where sockets are put: beside the admin's.
func DefaultFolder() string { return folders.Runtime() }

// newFolder makes a folder in base, and removes what hosts left there that were
// killed.
func newFolder(base string) (*folder, error) {
	if base == "" {
		base = DefaultFolder()
	}
	if len(base) > maxFolderBytes {
		return nil, fmt.Errorf("the path of the folder for sockets has %d bytes, at most %d are possible: %s", len(base), maxFolderBytes, base)
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Lstat(base)
	if err != nil {
		return nil, err
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || ok && int(sys.Uid) != os.Geteuid() || info.Mode()&0o022 != 0 {
		return nil, fmt.Errorf("%s is not a folder that only the daemon's user may write to", base)
	}
	sweep(base)
	path, err := os.MkdirTemp(base, own)
	if err != nil {
		return nil, err
	}
	f := &folder{path: path}
	f.lock, err = os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = unix.Flock(int(f.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		os.RemoveAll(path)
		return nil, err
	}
	return f, nil
}

// sweep removes the folders whose host is gone.
func sweep(base string) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), own) {
			continue
		}
		path := filepath.Join(base, e.Name())
		lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is just being made
		}
		if err != nil {
			continue
		}
		if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			os.RemoveAll(path)
		}
		lock.Close()
	}
}

// name has the system call the process of cmd by its plugin's name, rather than by the
// number of the descriptor that is started: it takes the last part of the path, of
// which it keeps 15 bytes. forget is to be called once the process has started.
func (f *folder) name(cmd *exec.Cmd, plugin string) (forget func()) {
	links, err := os.MkdirTemp(f.path, "run-")
	if err != nil {
		return func() {} // a number is a name, too
	}
	link := filepath.Join(links, plugin)
	if os.Symlink(cmd.Path, link) == nil {
		cmd.Path = link
	}
	return func() { os.RemoveAll(links) }
}

// close removes the folder.
func (f *folder) close() {
	os.RemoveAll(f.path)
	f.lock.Close()
}
