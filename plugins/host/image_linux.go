package host

import (
	"fmt"
	"io"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// sealedCopy copies a file into memory, where nothing can change it any more.
func sealedCopy(name string, f *os.File) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	c := os.NewFile(uintptr(fd), name)
	if _, err := io.Copy(c, io.NewSectionReader(f, 0, maxImageBytes)); err != nil {
		c.Close()
		return nil, err
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(c.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		c.Close()
		return nil, fmt.Errorf("sealing it: %w", err)
	}
	return c, nil
}

// command makes the command that starts the image.
func (img *image) command() *exec.Cmd {
	cmd := exec.Command(img.path)
	if img.file == nil {
		return cmd
	}
	if script, _ := isScript(img.file); script {
		// The interpreter opens it after the start, so it must still be open then.
		cmd.ExtraFiles = []*os.File{img.file}
		cmd.Path = "/proc/self/fd/3"
		return cmd
	}
	// Not /proc/self: the child moves descriptors of its own out of the way before it
	// looks, and may move one to where it has a copy of this one.
	cmd.Path = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), img.file.Fd())
	return cmd
}
