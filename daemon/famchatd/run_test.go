package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"famchat/protocol"

	"go.uber.org/goleak"
)

// watchdog is how long a test waits for what must happen.
const watchdog = 30 * time.Second

// binary is famchatd, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "famchatd")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "famchatd")
	// The shipped plugins are beside it, as make has them.
	build := exec.Command("go", "build", "-o", dir+"/", ".", "famchat/plugins/famchat-plugin-...")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building famchatd and the plugins: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestArgumentsAndExitCodes(t *testing.T) {
	good := write(t, "listen: 127.0.0.1:0\n"+places(t))
	bad := write(t, "listen: 127.0.0.1:0\nlimits:\n  backlog: 1\n  lagging: soon\n")
	out := write(t, "listen: 127.0.0.1:0\nlimits:\n  backlog: 1\n  mailbox: 0\n")
	far := write(t, "# all\nlisten: 0.0.0.0:1\n")
	missing := write(t, "listen: 127.0.0.1:0\nplugins:\n- name: mine\n")
	wrong := write(t, "listen: 127.0.0.1:0\nplugins:\n- name: names\n  config: {pattren: x}\n")
	for _, tt := range []struct {
		args           []string
		exit           int
		stdout, stderr string // how they begin, or contain
	}{
		{[]string{"--version"}, 0, "famchatd ", ""},
		{[]string{"--help"}, 0, "famchatd is the server of a family's chat.", ""},
		{[]string{"--check"}, 0, "famchat.yaml (built in): all is well\n", ""},
		{[]string{"--check", "-c", good}, 0, good + ": all is well\n", ""},
		{[]string{"--check", "-c", bad}, 2, "", bad + ":4: limits.lagging: "},
		{[]string{"-c", bad}, 2, "", bad + ":4: limits.lagging: "},
		{[]string{"--check", "-c", out}, 2, "", out + ":3: limits.backlog: between "},
		{[]string{"--check", "-c", out}, 2, "", out + ":4: limits.mailbox: between "},
		{[]string{"--check", "-c", far}, 2, "", far + ":2: listen: 0.0.0.0:1 can be reached from other machines"},
		{[]string{"-c", filepath.Join(t.TempDir(), "none")}, 2, "", "no such file"},
		{[]string{"--check", "-c", missing}, 2, "", missing + ":3: plugins[0].name: plugin mine: there is no such file: looked for " + filepath.Dir(binary) + "/famchat-plugin-mine"},
		{[]string{"-c", missing}, 2, "", missing + ":3: plugins[0].name: plugin mine: there is no such file"},
		{[]string{"--check", "-c", wrong}, 2, "", wrong + ":4: plugins[0].config: plugin names: config: unknown key \"pattren\"; did you mean pattern?"},
		{[]string{"--nonsense"}, 2, "", "nonsense"},
		{[]string{"more"}, 2, "", `"more" is one word too many`},
	} {
		cmd := exec.Command(binary, tt.args...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != tt.exit {
			t.Errorf("%q: exit %d, want %d", tt.args, got, tt.exit)
		}
		for _, o := range []struct{ got, want string }{{stdout.String(), tt.stdout}, {stderr.String(), tt.stderr}} {
			if !strings.Contains(o.got, o.want) || o.want == "" && o.got != "" {
				t.Errorf("%q: printed %q, want %q", tt.args, o.got, o.want)
			}
		}
	}
}

func TestAnAddressInUseIsExitOne(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out, _ := exec.Command(binary, "-c", write(t, "listen: "+l.Addr().String()+"\n"+places(t))).CombinedOutput()
	if !strings.Contains(string(out), "address already in use") {
		t.Errorf("printed %q", out)
	}
}

// process is famchatd, running.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	file string
	addr string

	places string // the settings of its admin socket and its state

	pipe *os.File // its stderr

	mu    sync.Mutex
	lines []string // of its log
	read  int      // lines that were waited for
	more  chan struct{}
	ended chan struct{} // closed when it has exited and its log is read
}

var listening = regexp.MustCompile(`msg"?[=:]"?listening"?[ ,]"?addr"?[=:]"?(127\.0\.0\.1:[1-9][0-9]*)`)

// start starts famchatd with a file that says settings.
func start(t *testing.T, settings string) *process {
	t.Helper()
	if !strings.Contains(settings, "plugins:") {
		settings += "plugins: []\n"
	}
	return launch(t, places(t), "listen: 127.0.0.1:0\n"+settings)
}

// places are the settings of a folder of one daemon's own for its admin socket and
// its state, whose path is short enough for a socket.
func places(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return "admin: {socket: " + dir + "/a.sock}\nstate: " + dir + "\n"
}

// launch starts famchatd with a file that says settings, those of its places
// included.
func launch(t *testing.T, places, settings string) *process {
	t.Helper()
	p := &process{t: t, places: places, file: write(t, settings+places), more: make(chan struct{}, 1), ended: make(chan struct{})}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.pipe = r
	p.cmd = exec.Command(binary, "-c", p.file)
	p.cmd.Stderr = w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	go func() {
		defer close(p.ended)
		for log := bufio.NewScanner(r); log.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, log.Text())
			p.mu.Unlock()
			select {
			case p.more <- struct{}{}:
			default:
			}
		}
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		r.Close()
	})
	line := p.logged(listening.MatchString)
	p.addr = listening.FindStringSubmatch(line)[1]
	return p
}

// rewrite changes what the file says, but for the places, and has it read.
func (p *process) rewrite(settings string) {
	p.t.Helper()
	if err := os.WriteFile(p.file, []byte(settings+p.places), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
}

// logged waits for a line of the log after those that were waited for.
func (p *process) logged(ok func(string) bool) string {
	p.t.Helper()
	late := time.After(watchdog)
	for {
		p.mu.Lock()
		for p.read < len(p.lines) {
			line := p.lines[p.read]
			p.read++
			if ok(line) {
				p.mu.Unlock()
				return line
			}
		}
		p.mu.Unlock()
		select {
		case <-p.more:
		case <-p.ended:
			p.t.Fatalf("it ended; the log is %q", p.lines)
		case <-late:
			p.mu.Lock()
			defer p.mu.Unlock()
			p.t.Fatalf("the log lacks a line; it is %q", p.lines)
		}
	}
}

func has(parts ...string) func(string) bool {
	return func(line string) bool {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				return false
			}
		}
		return true
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// exit waits for the end and returns the exit code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(watchdog):
		p.t.Fatal("it does not end")
		return -1
	}
}

// person is somebody connected.
type person struct {
	t *testing.T
	net.Conn
	*protocol.Reader
	*protocol.Writer
}

func (p *process) connect() *person {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(watchdog))
	p.t.Cleanup(func() { conn.Close() })
	return &person{p.t, conn, protocol.NewReader(conn), protocol.NewWriter(conn)}
}

func (p *process) join(name string) *person {
	p.t.Helper()
	c := p.connect()
	c.say(name)
	c.wait("you joined")
	return c
}

func (c *person) say(s string) {
	c.t.Helper()
	if err := c.WriteString(s); err != nil {
		c.t.Fatal(err)
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// wait reads until a string, without its colours, holds text.
func (c *person) wait(text string) string {
	c.t.Helper()
	for {
		s, err := c.ReadString()
		if err != nil {
			c.t.Fatalf("waiting for %q: %v", text, err)
		}
		if plain := colours.ReplaceAllString(string(s), ""); strings.Contains(plain, text) {
			return plain
		}
	}
}

func TestASignalStopsItWithAGoodbye(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			p := start(t, "")
			mum, anna := p.join("mum"), p.join("anna")
			p.signal(s)
			for _, c := range []*person{mum, anna} {
				if last := c.wait("The server is closing. Bye!"); !strings.HasSuffix(last, "\n") {
					t.Errorf("the last string is %q", last)
				}
				if s, err := c.ReadString(); err == nil {
					t.Errorf("after the goodbye came %q", s)
				}
				c.Close()
			}
			if code := p.exit(); code != 0 {
				t.Errorf("exit %d", code)
			}
		})
	}
}

func TestASecondSignalEndsItAtOnce(t *testing.T) {
	p := start(t, "shutdown_grace: 1h\nlimits: {send_buffer: 4KiB, lagging: 1h, message_rate: 0}\n")
	mum := p.join("mum")
	stuck := p.join("stuck") // reads nothing any more, so that the first signal takes an hour
	_ = stuck.Conn.(*net.TCPConn).SetReadBuffer(4096)
	line := strings.Repeat("x", 4000)
	for i := range 300 {
		mum.say(fmt.Sprint(i, ".", line))
		mum.wait(fmt.Sprint(i, "."))
	}
	p.signal(syscall.SIGTERM)
	mum.wait("The server is closing. Bye!")
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 1 {
		t.Errorf("exit %d", code)
	}
	stuck.Close()
}

func TestReloadIsAllOrNothing(t *testing.T) {
	p := start(t, "room: {name: Kitchen}\n")
	greeting := func() string {
		conn, err := net.Dial("tcp", p.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(watchdog))
		s, err := protocol.NewReader(conn).ReadString()
		if err != nil {
			t.Fatal(err)
		}
		return string(s)
	}
	mum := p.join("mum")
	for _, bad := range []struct{ text, why string }{
		{"room: {name: Attic}\nlimits: {clinets: 3}\n", ":2: limits.clinets: unknown key; did you mean limits.clients?"},
		{"room: {name: Attic}\n\nlimits: {backlog: 1}\n", ":3: limits.backlog: between"},
		{"room: [", p.file},
	} {
		p.rewrite(bad.text)
		p.logged(has("level=ERROR", "the old ones stay", p.file, bad.why))
		if got := greeting(); !strings.Contains(got, "Kitchen\n") {
			t.Errorf("after %q the greeting is %q", bad.text, got)
		}
	}
	for range 2 {
		p.rewrite("listen: 127.0.0.1:1\nroom: {name: Cellar}\nlog: {level: debug, format: json}\n")
		p.logged(has("level=INFO", "settings reloaded", `need_restart="listen log.format"`))
		if got := greeting(); !strings.Contains(got, "Cellar\n") {
			t.Errorf("the greeting is %q", got)
		}
	}
	p.logged(has("level=DEBUG")) // the level is the new one
	mum.say("still here")
	mum.wait("still here")
}

func TestALogThatNobodyReadsEndsNothing(t *testing.T) {
	p := start(t, "")
	mum := p.join("mum")
	p.logged(has("joined"))
	p.pipe.Close()
	for i := range 5 {
		c := p.join(fmt.Sprint("p", i))
		mum.wait(fmt.Sprint("p", i, " joined"))
		c.say("")
		mum.wait(fmt.Sprint("p", i, " left"))
	}
	p.signal(syscall.SIGTERM)
	mum.wait("The server is closing. Bye!")
	mum.Close()
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestTheLogHasOneRecordForEachEvent(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			p := start(t, "log: {format: "+format+", level: debug}\n")
			for _, name := range []string{"mum", "Ünïcödé", "مریم"} {
				c := p.join(name)
				c.say("secret\nlevel=ERROR msg=forged\u202e\x1b[2J")
				c.wait("secret")
				c.say("")
				for { // until the connection ends
					if _, err := c.ReadString(); err != nil {
						break
					}
				}
				c.Close()
			}
			// Names that the names' rules would refuse reach the log through a
			// setting: an error about a key with anything in it.
			bad := "\"a\\u202Eb\\x1b[2J\\nlevel=ERROR msg=forged\\u009b\": 1\n"
			p.rewrite(bad)
			p.logged(has("the old ones stay"))
			p.signal(syscall.SIGTERM)
			if code := p.exit(); code != 0 {
				t.Errorf("exit %d", code)
			}
			counts := map[string]int{}
			record := regexp.MustCompile(`^time=\S+ level=[A-Z]+ msg=(?:"([^"]*)"|(\S+))`)
			for _, line := range p.lines {
				if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' }) {
					t.Errorf("a line holds a control: %q", line)
				}
				if strings.Contains(line, "secret") {
					t.Errorf("what was said is in the log: %q", line)
				}
				var r struct{ Msg string }
				if format == "json" {
					if err := json.Unmarshal([]byte(line), &r); err != nil {
						t.Errorf("%q: %v", line, err)
					}
				} else if m := record.FindStringSubmatch(line); m != nil {
					r.Msg = m[1] + m[2]
				}
				counts[r.Msg]++
			}
			want := map[string]int{
				"listening": 1, "admin socket": 1, "joined": 3, "left": 3, "connection ended": 3,
				"settings not reloaded, the old ones stay": 1, "stopped": 1,
			}
			if fmt.Sprint(counts) != fmt.Sprint(want) {
				t.Errorf("got %v, want %v; the log is\n%s", counts, want, strings.Join(p.lines, "\n"))
			}
		})
	}
}
