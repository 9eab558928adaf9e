package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// prefix is what the file of a plugin is called, before its name.
const prefix = "famchat-plugin-"

// find returns the file of a plugin, with symbolic links resolved.
func find(p Plugin) (string, error) {
	places := []string{p.Path}
	if p.Path == "" {
		places = searched(prefix + p.Name)
	}
	for _, place := range places {
		path, err := filepath.EvalSymlinks(place)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			continue
		}
		if err != nil {
			return "", err
		}
		return filepath.Abs(path)
	}
	if p.Path == "" {
		return "", fmt.Errorf("there is no such file: looked for %s; path: says where it is otherwise", strings.Join(places, ", "))
	}
	hint := ""
	if strings.Contains(p.Path, "~") || strings.Contains(p.Path, "$") {
		hint = "; ~ and variables mean nothing in it"
	}
	if path, err := filepath.Abs(p.Path); err == nil {
		places = []string{path}
	}
	return "", fmt.Errorf("there is no such file: looked for %s%s", places[0], hint)
}

// searched are the places where a file may be.
func searched(file string) []string {
	var places []string
	if self, err := os.Executable(); err == nil {
		if self, err = filepath.EvalSymlinks(self); err == nil {
			places = append(places, filepath.Join(filepath.Dir(self), file))
		}
	}
	if os.Geteuid() == 0 {
		return places // what root's PATH holds is not for a daemon to run
	}
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(folder) {
			places = append(places, filepath.Join(folder, file))
		}
	}
	return places
}

// others is the permission of others, and of a group, to write.
const (
	othersWrite = 0o002
	groupWrite  = 0o020
)

// trusted says why a file must not be run, if it must not: whoever may write to
// it, or to a folder on the way to it, could have put anything there. info is of
// the file itself.
func trusted(path string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%s is a folder; name the program in it", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file", path)
	case info.Mode()&0o111 == 0:
		return fmt.Errorf("%s is not executable; chmod +x it", path)
	}
	if err := onlyOurs(path, info); err != nil {
		return err
	}
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		if err != nil {
			return err
		}
		// Nobody can replace what is another's in a sticky folder such as /tmp.
		if info.Mode()&fs.ModeSticky == 0 {
			if err := onlyOurs(folder, info); err != nil {
				return err
			}
		}
		if folder == filepath.Dir(folder) {
			return nil
		}
	}
}

// onlyOurs says who else may write to something.
func onlyOurs(path string, info fs.FileInfo) error {
	sys, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode()&othersWrite != 0:
		return fmt.Errorf("%s may be written to by everybody; chmod o-w it", path)
	case !ok:
		return nil
	case sys.Uid != 0 && int(sys.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to user %d, neither to root nor to the daemon's own", path, sys.Uid)
	case info.Mode()&groupWrite != 0 && sys.Gid != 0 && int(sys.Gid) != os.Getegid():
		return fmt.Errorf("%s may be written to by group %d; chmod g-w it", path, sys.Gid)
	}
	return nil
}
