package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"famchat/daemon"
)

const (
	// stateName is what the file in the state folder is called, stateNew what it is
	// called until it is whole.
	stateName = "sanctions.json"
	stateNew  = stateName + ".new"
	// stateVersion is the version of its form.
	stateVersion = 1
	// maxStateBytes is how large it may be: as many bans and mutes as there can be.
	maxStateBytes = 128 << 20
)

var errNoState = errors.New("state: there is no place for the daemon's state, as HOME is not set; name a folder in famchat.yaml, as in state: /var/lib/famchat")

// sanctions are what outlives a restart.
type sanctions struct {
	bans  []daemon.Ban
	mutes []daemon.Mute
}

// state is the folder of what outlives a restart, which one daemon has at a time.
type state struct {
	folder string
	lock   *os.File

	mu sync.Mutex // held while the file is written
}

// stateFile is the file as it is written. Its form is its own: what the admin API says
// of bans may change without it.
type stateFile struct {
	Version int         `json:"version"`
	Bans    []stateBan  `json:"bans"`
	Mutes   []stateMute `json:"mutes"`
}

type stateBan struct {
	Name    string    `json:"name,omitempty"`
	Address string    `json:"address,omitempty"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason,omitempty"`
}

type stateMute struct {
	Name   string     `json:"name"`
	Since  time.Time  `json:"since"`
	Until  *time.Time `json:"until,omitempty"` // nil: until it is taken back
	Reason string     `json:"reason,omitempty"`
}

// openState makes the folder where it is missing, takes it, and reads what is there.
func openState(folder string) (*state, sanctions, error) {
	if folder == "" {
		return nil, sanctions{}, errNoState
	}
	wrong := func(err error) (*state, sanctions, error) {
		return nil, sanctions{}, fmt.Errorf("state: the folder of the daemon's state: %w; mend that, or name another as state in famchat.yaml", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return wrong(err)
	}
	lock, err := os.OpenFile(folder, os.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return wrong(err)
	}
	saved, err := takeState(lock)
	if err != nil {
		lock.Close()
		return nil, sanctions{}, err
	}
	return &state{folder: folder, lock: lock}, saved, nil
}

// takeState locks an open folder and reads what is there.
func takeState(lock *os.File) (sanctions, error) {
	folder := lock.Name()
	info, err := lock.Stat()
	if err != nil {
		return sanctions{}, fmt.Errorf("state: %w", err)
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); info.Mode().Perm()&0o022 != 0 || ok && int(sys.Uid) != os.Geteuid() {
		return sanctions{}, fmt.Errorf("state: %s is not a folder that only the daemon's user may write to; make it that (chown, chmod 700), or name another as state in famchat.yaml", folder)
	}
	switch err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		return sanctions{}, fmt.Errorf("state: another famchatd has the folder %s; stop that one, or name another folder as state in famchat.yaml", folder)
	case err != nil:
		return sanctions{}, fmt.Errorf("state: locking %s: %w", folder, err)
	}
	return readState(folder)
}

// readState reads what a folder has; nothing is nothing. Whoever finds it broken is
// told so: people who are to stay out must not come in because a disk lost a byte.
func readState(folder string) (sanctions, error) {
	path := filepath.Join(folder, stateName)
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return sanctions{}, nil
	}
	var saved sanctions
	if err == nil {
		defer f.Close()
		saved, err = decodeState(f)
	}
	if err != nil {
		return sanctions{}, fmt.Errorf("state: %s cannot be read: %w; it says who is kept out and who is muted: mend it, or move it away to start without", path, err)
	}
	return saved, nil
}

// checkState says what is wrong with what is in the state folder, as far as who asks
// may read it: that need not be the daemon's user. It makes nothing.
func checkState(c config) error {
	folder := c.stateFolder()
	if folder == "" {
		return errNoState
	}
	_, err := readState(folder)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

func decodeState(f *os.File) (s sanctions, err error) {
	info, err := f.Stat()
	if err != nil {
		return s, err
	}
	if !info.Mode().IsRegular() {
		return s, errors.New("it is no file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxStateBytes+1))
	if err != nil {
		return s, err
	}
	if len(data) > maxStateBytes {
		return s, fmt.Errorf("it has more than %d bytes", maxStateBytes)
	}
	return parseState(data)
}

// parseState is what data, the content of a file, says.
func parseState(data []byte) (s sanctions, err error) {
	var file stateFile
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return s, fmt.Errorf("it is broken: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return s, errors.New("it is broken: something follows its end")
	}
	if file.Version != stateVersion {
		return s, fmt.Errorf("its version is %d, and this famchatd knows version %d", file.Version, stateVersion)
	}
	return file.sanctions()
}

// sanctions are what a file says.
func (f stateFile) sanctions() (s sanctions, err error) {
	for i, b := range f.Bans {
		ban := daemon.Ban{Name: b.Name, Address: b.Address, Since: b.Since, Until: b.Until, Reason: b.Reason}
		if err := errors.Join(ban.Validate(), checkTimes(ban.Since, ban.Until)); err != nil {
			return s, fmt.Errorf("bans[%d]: %w", i, err)
		}
		s.bans = append(s.bans, ban)
	}
	for i, m := range f.Mutes {
		mute := daemon.Mute{Name: m.Name, Since: m.Since, Reason: m.Reason}
		if m.Until != nil {
			mute.Until = *m.Until
		}
		if err := errors.Join(mute.Validate(), checkTimes(mute.Since, mute.Until)); err != nil {
			return s, fmt.Errorf("mutes[%d]: %w", i, err)
		}
		s.mutes = append(s.mutes, mute)
	}
	return s, nil
}

// checkTimes refuses times that could not be written again (RFC 3339 has years of four
// digits).
func checkTimes(times ...time.Time) error {
	for _, t := range times {
		if year := t.UTC().Year(); year < 1 || year > 9998 {
			return fmt.Errorf("%v is not a time between the years 1 and 9998", t)
		}
	}
	return nil
}

// encode is what a file says of sanctions.
func (s sanctions) encode() ([]byte, error) {
	file := stateFile{Version: stateVersion, Bans: []stateBan{}, Mutes: []stateMute{}}
	for _, b := range s.bans {
		file.Bans = append(file.Bans, stateBan{Name: b.Name, Address: b.Address, Since: b.Since.UTC(), Until: b.Until.UTC(), Reason: b.Reason})
	}
	for _, m := range s.mutes {
		mute := stateMute{Name: m.Name, Since: m.Since.UTC(), Reason: m.Reason}
		if !m.Until.IsZero() {
			until := m.Until.UTC()
			mute.Until = &until
		}
		file.Mutes = append(file.Mutes, mute)
	}
	data, err := json.MarshalIndent(file, "", "  ")
	return append(data, '\n'), err
}

// save asks what is in force and writes it, whole or not at all. Of several that save
// at once, the last to write is the last to have asked.
func (s *state) save(ask func() (sanctions, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := ask()
	if err != nil {
		return err
	}
	if len(now.bans)+len(now.mutes) == 0 {
		if _, err := os.Lstat(filepath.Join(s.folder, stateName)); errors.Is(err, fs.ErrNotExist) {
			return nil // as it is
		}
	}
	data, err := now.encode()
	if err != nil {
		return err
	}
	return s.write(data)
}

// write puts data in the place of the file.
func (s *state) write(data []byte) (err error) {
	made := filepath.Join(s.folder, stateNew)
	_ = os.Remove(made) // a daemon that was killed may have left one
	f, err := os.OpenFile(made, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(made, filepath.Join(s.folder, stateName))
	}
	if err != nil {
		_ = os.Remove(made)
		return err
	}
	return s.lock.Sync() // the folder, or the new name may be lost with the power
}

// close gives the folder up.
func (s *state) close() { s.lock.Close() }
