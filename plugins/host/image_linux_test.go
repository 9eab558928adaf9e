package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A child's own descriptors do not take the place of the image, whatever their
// numbers: here the child moves the pipe by which it reports errors to just above its
// stdin, which is where the image is.
func TestTheImageStartsWhateverTheDescriptors(t *testing.T) {
	path, err := exec.LookPath("true")
	if err != nil {
		t.Skip(err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sealed, err := sealedCopy("true", f)
	if err != nil {
		t.Fatal(err)
	}
	defer sealed.Close()
	const high = 500
	stdin, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	moved := func(f *os.File, to int) *os.File {
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, to)
		if err != nil || fd != to {
			t.Fatalf("%d instead of %d, %v", fd, to, err)
		}
		return os.NewFile(uintptr(fd), f.Name())
	}
	below, img := moved(stdin, high-1), &image{path: path, file: moved(sealed, high)}
	defer below.Close()
	defer img.close()
	cmd := img.command()
	cmd.Stdin = below
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
}
