package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxImageBytes is how long a plugin's file may be.
const maxImageBytes = 512 << 20

// image is a plugin's file as it was verified. What is started is the image, so
// that a file which is swapped afterwards is not.
type image struct {
	path string
	file *os.File // the sealed copy; nil where there are none or it is a script
}

// newImage verifies a plugin's file and, where the system can, makes a sealed copy
// of it.
func newImage(p Plugin) (*image, error) {
	path, err := find(p)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := trusted(path, info); err != nil {
		return nil, err
	}
	if info.Size() > maxImageBytes {
		return nil, fmt.Errorf("%s has %d bytes, a plugin at most %d", path, info.Size(), maxImageBytes)
	}
	img := &image{path: path}
	script, err := isScript(f)
	if err != nil {
		return nil, err
	}
	// A script is read by its interpreter, by its path: only a hash makes it worth
	// a copy, beside which the files that it imports are not.
	if !script || p.SHA256 != "" {
		if img.file, err = sealedCopy(filepath.Base(path), f); err != nil {
			return nil, fmt.Errorf("copying %s: %w", path, err)
		}
	}
	if p.SHA256 == "" {
		return img, nil
	}
	verified := img.file
	if verified == nil {
		verified = f
	}
	if err := img.verify(verified, p.SHA256); err != nil {
		img.close()
		return nil, err
	}
	return img, nil
}

// verify hashes the very bytes that are to run.
func (img *image) verify(f *os.File, want string) error {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, maxImageBytes)); err != nil {
		return fmt.Errorf("reading %s: %w", img.path, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(got, want) {
		return fmt.Errorf("%s has the SHA-256 %s, and sha256: wants %s", img.path, got, strings.ToLower(want))
	}
	return nil
}

// isScript reports whether a file begins with #!.
func isScript(f *os.File) (bool, error) {
	var first [2]byte
	if _, err := f.ReadAt(first[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return string(first[:]) == "#!", nil
}

func (img *image) close() {
	if img.file != nil {
		img.file.Close()
	}
}
