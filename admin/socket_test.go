package admin

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestTheSocketAndItsFolderArePrivate(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(shortFolder(t), "new")
	path := filepath.Join(dir, "admin.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, path: 0o600 | os.ModeSocket, path + ".lock": 0o600} {
		info, err := os.Lstat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode(); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if got := list(t, dir); got != "admin.sock admin.sock.lock" {
		t.Errorf("the folder has %s", got)
	}
}

// It is made where nobody else can enter, and its mode is set before it is moved.
func TestTheSocketIsNeverOpenToOthers(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := shortFolder(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "admin.sock")
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if info, err := os.Lstat(path); err == nil && info.Mode().Perm() != 0o600 {
				done <- fmt.Errorf("the socket's mode was %v", info.Mode())
				return
			}
		}
	}()
	for range 200 {
		l, err := Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
	close(stop)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestASecondDaemonIsRefused(t *testing.T) {
	path := filepath.Join(shortFolder(t), "admin.sock")
	first, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "another famchatd has the admin socket") {
		t.Errorf("got %v, want a sentence", err)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatalf("the first lost its socket: %v", err)
	}
	conn.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := Listen(path)
	if err != nil {
		t.Fatalf("after the first had ended: %v", err)
	}
	second.Close()
}

func TestAStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(shortFolder(t), "admin.sock")
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	old.SetUnlinkOnClose(false)
	old.Close()
	// And what a daemon leaves that is killed while it makes one.
	if err := os.Mkdir(filepath.Join(filepath.Dir(path), bindFolder(path)), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := list(t, filepath.Dir(path)); got != "admin.sock admin.sock.lock" {
		t.Errorf("the folder has %s", got)
	}
}

func TestWhatIsNotOursIsLeftAlone(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(path string) error
		want string
	}{
		{"a file", func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) }, "is something else"},
		{"a folder", func(path string) error { return os.Mkdir(path, 0o700) }, "is something else"},
		{"a pipe", func(path string) error { return syscall.Mkfifo(path, 0o600) }, "is something else"},
		{"a symbolic link", func(path string) error { return os.Symlink("/nowhere", path) }, "symbolic link"},
		{"a lock that is a link", func(path string) error { return os.Symlink("/nowhere", path+".lock") }, "lock"},
		{"a lock that is a pipe", func(path string) error { return syscall.Mkfifo(path+".lock", 0o600) }, "no file of the daemon's user"},
		{"another user's socket", anothersSocket, "belongs to user"},
		{"a socket that is listened at", liveSocket(t), "another program listens"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(shortFolder(t), "admin.sock")
			if err := test.make(path); err == errNotRoot {
				t.Skip("only root can make it")
			} else if err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, filepath.Dir(path))
			if l, err := Listen(path); err == nil {
				l.Close()
				t.Error("it was taken")
			} else if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if after := snapshot(t, filepath.Dir(path)); !strings.HasPrefix(after, before) {
				t.Errorf("got %s\nwant %s", after, before)
			}
		})
	}
}

var errNotRoot = fmt.Errorf("not root")

func anothersSocket(path string) error {
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	return os.Lchown(path, 65534, 65534)
}

func liveSocket(t *testing.T) func(string) error {
	return func(path string) error {
		l, err := net.Listen("unix", path)
		if err == nil {
			t.Cleanup(func() { l.Close() })
		}
		return err
	}
}

func TestAFolderThatIsNotPrivateIsRefused(t *testing.T) {
	base := shortFolder(t)
	inside := func(name string) string { return filepath.Join(base, name) }
	for _, mode := range []os.FileMode{0o770, 0o707, 0o777 | os.ModeSticky} {
		name := inside(fmt.Sprintf("%o", mode))
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		refused(t, name, "others may write")
	}
	if err := os.Symlink(t.TempDir(), inside("link")); err != nil {
		t.Fatal(err)
	}
	refused(t, inside("link"), "symbolic link")
	if err := os.WriteFile(inside("file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, inside("file"), "no folder")
	refused(t, inside("missing/too"), "the folder that it would be in is missing")
	if os.Geteuid() == 0 {
		if err := os.Mkdir(inside("other"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(inside("other"), 65534, 65534); err != nil {
			t.Fatal(err)
		}
		refused(t, inside("other"), "belongs to user 65534")
	}
}

func refused(t *testing.T, dir, want string) {
	t.Helper()
	l, err := Listen(filepath.Join(dir, "admin.sock"))
	if err == nil {
		l.Close()
		t.Errorf("%s: it was taken", dir)
	} else if !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, want %q", dir, err, want)
	}
}

func TestAPathTooLongIsASentence(t *testing.T) {
	base := shortFolder(t)
	for _, test := range []struct {
		bytes int
		fits  bool
	}{{maxPathBytes, true}, {maxPathBytes + 1, false}, {maxPathBytes + 200, false}} {
		path := filepath.Join(base, strings.Repeat("d", test.bytes-len(base)-len("//admin.sock")), "admin.sock")
		l, err := Listen(path)
		if err == nil {
			l.Close()
		}
		if (err == nil) != test.fits || err != nil && !strings.Contains(err.Error(), "choose a shorter one") {
			t.Errorf("%d bytes: got %v", len(path), err)
		}
	}
	// A short name: the one it is made under is longer.
	short := filepath.Join(base, strings.Repeat("d", maxPathBytes-len(base)-len("//s")), "s")
	if _, err := Listen(short); err == nil || !strings.Contains(err.Error(), "choose a shorter one") {
		t.Errorf("a short name in a long folder: got %v", err)
	}
}

func TestCloseRemovesItsOwnSocketAlone(t *testing.T) {
	path := filepath.Join(shortFolder(t), "admin.sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody replaces it by hand.
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("a successor's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if got, err := os.ReadFile(path); string(got) != "a successor's" {
		t.Errorf("got %q, %v", got, err)
	}
}

// list returns what a folder has.
func list(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// snapshot says what is in a folder: names, modes, owners, contents.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("ls", "-lni", "--time-style=full-iso", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, out2, _ := strings.Cut(string(out), "\n") // without the total
	return out2
}

const strangerEnv = "FAMCHAT_TEST_STRANGER"

// stranger is the process of another user: it opens a socket and prints what it gets.
func stranger(socket string) int {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /v1/members HTTP/1.0\r\n\r\n")
	var b [4096]byte
	for {
		n, err := conn.Read(b[:])
		os.Stdout.Write(b[:n])
		if err != nil {
			return 0
		}
	}
}

// runStranger runs stranger as the user nobody, from a copy of the test binary that they may run.
func runStranger(t *testing.T, socket string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	exe, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Skip("there is no copy of the test to run:", err)
	}
	dir := shortFolder(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "stranger")
	if err := os.WriteFile(name, exe, 0o755); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	cmd := exec.Command(name)
	cmd.Dir = dir
	cmd.Env = []string{strangerEnv + "=" + socket, "GOCOVERDIR=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, _ := cmd.CombinedOutput()
	return string(out)
}

func TestAnotherUserIsKeptOut(t *testing.T) {
	f := &fake{}
	r := serve(t, f)
	folder := filepath.Dir(r.client.Socket)
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := runStranger(t, r.client.Socket); !strings.Contains(got, "permission denied") {
		t.Errorf("with the socket's own mode: got %q", got)
	}
	// And if somebody opens the door for everyone.
	if err := os.Chmod(r.client.Socket, 0o666); err != nil {
		t.Fatal(err)
	}
	got := runStranger(t, r.client.Socket)
	if !strings.Contains(got, "403 Forbidden") || !strings.Contains(got, `"code":"forbidden"`) || !strings.Contains(got, "you are user 65534") {
		t.Errorf("with the door open: got %q", got)
	}
	if asked := f.requests(); len(asked) > 0 {
		t.Errorf("the daemon was asked %v", asked)
	}
	if log := r.log.String(); !strings.Contains(log, "uid=65534 pid=") || strings.Contains(log, "pid=0") {
		t.Errorf("the log has %s", log)
	}
}

func TestTheSystemSaysWhoCalls(t *testing.T) {
	f := &fake{}
	r := serve(t, f)
	if err := r.client.Broadcast(t.Context(), "hello"); err != nil {
		t.Fatal(err)
	}
	if want := "uid=" + strconv.Itoa(os.Geteuid()) + " pid=" + strconv.Itoa(os.Getpid()); !strings.Contains(r.log.String(), want) {
		t.Errorf("got %s, want %s", r.log.String(), want)
	}
}
