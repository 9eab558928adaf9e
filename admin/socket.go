package admin

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"famchat/internal/folders"
)

const (
	socketName = "admin.sock"
	// lockSuffix is what the lock beside a socket is called after it.
	lockSuffix = ".lock"
	// maxPathBytes is the longest path of a socket that the system takes.
	maxPathBytes = len(unix.RawSockaddrUnix{}.Path) - 1
	// bindName is the socket's name in the folder where it is made.
	bindName = "s"
)

// DefaultSocket is where the daemon of whoever asks has its socket: in the folder of
// system services (/run/famchat) for root and for the user whom that folder belongs to,
// else in $XDG_RUNTIME_DIR/famchat, else in famchat-UID in the temporary folder.
func DefaultSocket() string { return filepath.Join(folders.Runtime(), socketName) }

// Listener is the socket of a daemon, which nobody but its own user can open. It is
// a net.Listener.
type Listener struct {
	*net.UnixListener
	path string
	made fs.FileInfo
	lock *os.File

	once sync.Once
	err  error
}

// Listen makes the socket at path, or at DefaultSocket where it is empty. The folder it
// is in is made, private, where it is missing; it MUST belong to the process's user, and
// nobody else may be able to write to it. A lock beside the socket keeps a second daemon
// away. A socket of our own that nobody listens at is replaced; anything else there is
// left alone, and an error.
func Listen(path string) (*Listener, error) {
	if path == "" {
		path = DefaultSocket()
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the admin socket: %w", err)
	}
	// It is made in a folder beside it, whose path must fit, too.
	if most := maxPathBytes - max(0, len(bindFolder(path)+"/"+bindName)-len(filepath.Base(path))); len(path) > most {
		return nil, fmt.Errorf("the path of the admin socket has %d bytes, and may have %d here; choose a shorter one than %s", len(path), most, path)
	}
	if err := checkFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock, err := takeLock(path)
	if err != nil {
		return nil, err
	}
	l, err := listen(path)
	if err != nil {
		lock.Close()
		return nil, err
	}
	l.lock = lock
	return l, nil
}

// checkFolder makes the folder of a socket where it is missing, and says what is wrong
// with one that is there.
func checkFolder(dir string) error {
	switch err := os.Mkdir(dir, 0o700); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder of the admin socket, %s, cannot be made: the folder that it would be in is missing", dir)
	case err != nil && !errors.Is(err, fs.ErrExist):
		return fmt.Errorf("the folder of the admin socket cannot be made: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("the folder of the admin socket: %w", err)
	}
	switch {
	case info.Mode().Type() == fs.ModeSymlink:
		return fmt.Errorf("the folder of the admin socket, %s, is a symbolic link; name the folder itself", dir)
	case !info.IsDir():
		return fmt.Errorf("the admin socket cannot be in %s, which is no folder", dir)
	case ownerOf(info) != os.Geteuid():
		return fmt.Errorf("the folder of the admin socket, %s, belongs to user %d, not to the daemon's user %d; choose another", dir, ownerOf(info), os.Geteuid())
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others may write to the folder of the admin socket, %s (mode %04o); run chmod 700 on it, or choose another", dir, info.Mode().Perm())
	}
	return nil
}

// takeLock takes the lock beside the socket at path, which lasts for as long as the file is
// open. The file stays when the daemon ends: removing it would let two daemons have one each.
func takeLock(path string) (*os.File, error) {
	name := path + lockSuffix
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lock of the admin socket: %w", err)
	}
	info, err := file.Stat()
	if err == nil && (!info.Mode().IsRegular() || ownerOf(info) != os.Geteuid()) {
		err = fmt.Errorf("%s is no file of the daemon's user; it is left alone", name)
	}
	if err == nil {
		err = retry(func() error { return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
	}
	switch {
	case err == nil:
		return file, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		err = fmt.Errorf("another famchatd has the admin socket %s already; stop that one, or give this one another admin.socket", path)
	default:
		err = fmt.Errorf("the lock of the admin socket: %w", err)
	}
	file.Close()
	return nil, err
}

func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// listen makes the socket, with the lock held. It is made in a private folder and moved
// to its place once its mode is set: at no time can others open it.
func listen(path string) (*Listener, error) {
	if err := checkStale(path); err != nil {
		return nil, err
	}
	folder := filepath.Join(filepath.Dir(path), bindFolder(path))
	inside := filepath.Join(folder, bindName)
	// A daemon that was killed may have left one.
	_ = os.Remove(inside)
	_ = os.Remove(folder)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, fmt.Errorf("the admin socket cannot be made: %w", err)
	}
	defer os.Remove(folder)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: inside, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("the admin socket cannot be made: %w", err)
	}
	l.SetUnlinkOnClose(false)
	made, err := os.Lstat(inside)
	if err == nil {
		err = os.Chmod(inside, 0o600)
	}
	if err == nil {
		err = os.Rename(inside, path)
	}
	if err != nil {
		_ = os.Remove(inside)
		l.Close()
		return nil, fmt.Errorf("the admin socket cannot be made: %w", err)
	}
	return &Listener{UnixListener: l, path: path, made: made}, nil
}

// bindFolder is the name of the folder where the socket for path is made, always as
// long: with bindName it is no longer than socketName.
func bindFolder(path string) string {
	h := fnv.New32a()
	h.Write([]byte(path))
	return fmt.Sprintf(".%07x", h.Sum32()>>4)
}

// checkStale returns nil where there is nothing at path, or a socket of our own
// that nobody listens at.
func checkStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("the admin socket: %w", err)
	case info.Mode().Type() == fs.ModeSymlink:
		return fmt.Errorf("the admin socket %s is a symbolic link; it is left alone: remove it, or choose another admin.socket", path)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("where the admin socket should be, at %s, is something else; it is left alone: remove it, or choose another admin.socket", path)
	case ownerOf(info) != os.Geteuid():
		return fmt.Errorf("the socket at %s belongs to user %d; it is left alone: choose another admin.socket", path, ownerOf(info))
	}
	conn, err := net.DialTimeout("unix", path, dialTimeout)
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("another program listens at %s; it is left alone: choose another admin.socket", path)
	}
	return nil
}

// Path is where the socket is.
func (l *Listener) Path() string { return l.path }

// Close ends it and removes the socket, unless there is another by now.
func (l *Listener) Close() error {
	l.once.Do(func() {
		if info, err := os.Lstat(l.path); err == nil && os.SameFile(info, l.made) {
			l.err = os.Remove(l.path)
		}
		// The lock goes last: whoever takes it finds nothing of ours.
		l.err = errors.Join(l.err, l.UnixListener.Close(), l.lock.Close())
	})
	return l.err
}

// ownerOf returns the user whom a file belongs to.
func ownerOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}
