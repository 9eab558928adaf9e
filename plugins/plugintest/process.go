//go:build unix

package plugintest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// process is one start of a plugin.
type process struct {
	x      *examiner
	name   string
	mtls   bool
	cmd    *exec.Cmd
	dir    string // private; the socket and the working folder
	stdin  *os.File
	output []*os.File // our ends of stdout and stderr
	lines  chan string
	exited chan struct{}
	reads  sync.WaitGroup
	conn   *grpc.ClientConn
	client pluginpb.PluginClient
	filter *contract.Filter

	began     time.Time
	startTook time.Duration // up to its first answer

	// What need not be said or waited for again.
	hung, deathSaid bool
	errors          int
	dropped         map[pluginpb.EffectKind]bool

	mu     sync.Mutex
	stderr []byte // the end of it
	noise  []byte // what stdout had after the handshake
}

// lastWordsBytes is how much of stderr an error quotes.
const lastWordsBytes = 2 << 10

// noiseBytes is how much an error quotes of what stdout should not have.
const noiseBytes = 200

// maxSocketDirBytes leaves room for a name in the 104 bytes that a socket's path
// may have.
const maxSocketDirBytes = 60

// start starts the plugin and connects with it. What goes wrong is an error of the
// test; then nothing is left, and it is nil.
func (x *examiner) start(mtls bool) *process {
	x.t.Helper()
	p := &process{x: x, mtls: mtls, name: filepath.Base(x.path), exited: make(chan struct{}), lines: make(chan string, 1),
		dropped: map[pluginpb.EffectKind]bool{}}
	if err := p.launch(); err != nil {
		p.errorf("it does not start: %v; path must be a program that may be executed, and a script needs a first line like #!/usr/bin/env python3", err)
		p.removeDir()
		return nil
	}
	address, ok := p.handshake()
	if ok {
		ok = p.dial(address)
	}
	if !ok {
		p.destroy()
		return nil
	}
	return p
}

// launch starts the process in a group of its own, with nothing of the
// environment of the tests.
func (p *process) launch() error {
	file, err := filepath.Abs(p.x.path)
	if err != nil {
		return err
	}
	if err := p.makeDir(); err != nil {
		return err
	}
	p.cmd = exec.Command(file, p.x.Args...)
	p.cmd.Dir = p.dir
	p.cmd.Env = append([]string{
		contract.Handshake.MagicCookieKey + "=" + contract.Handshake.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=" + strconv.Itoa(int(contract.Handshake.ProtocolVersion)),
		"PLUGIN_MIN_PORT=0", "PLUGIN_MAX_PORT=0",
		"PLUGIN_UNIX_SOCKET_DIR=" + p.dir,
		contract.EnvLifeline + "=" + contract.LifelineStdin,
		contract.EnvLogLevel + "=debug",
		contract.EnvDir + "=" + filepath.Dir(file),
	}, p.x.Env...)
	if p.mtls {
		pem, err := clientCert()
		if err != nil {
			return err
		}
		p.cmd.Env = append(p.cmd.Env, "PLUGIN_CLIENT_CERT="+pem)
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return p.run()
}

// makeDir makes the private folder, with a path short enough for sockets.
func (p *process) makeDir() (err error) {
	parent := os.TempDir()
	if len(parent) > maxSocketDirBytes {
		parent = "/tmp"
	}
	if p.dir, err = os.MkdirTemp(parent, "famchat"); err == nil {
		p.dir, err = filepath.EvalSymlinks(p.dir)
	}
	return err
}

func (p *process) removeDir() {
	if p.dir != "" {
		_ = os.RemoveAll(p.dir)
	}
}

// run starts the process with pipes of our own: those of package exec would wait
// for every grandchild that holds them.
func (p *process) run() (err error) {
	var theirs, ours [3]*os.File
	defer func() {
		for i := range theirs {
			theirs[i].Close()
			if err != nil {
				ours[i].Close()
			}
		}
	}()
	if theirs[0], ours[0], err = os.Pipe(); err != nil {
		return err
	}
	for i := 1; i <= 2; i++ {
		if ours[i], theirs[i], err = os.Pipe(); err != nil {
			return err
		}
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	p.began = time.Now()
	if err = p.cmd.Start(); err != nil {
		return err
	}
	p.stdin, p.output = ours[0], ours[1:]
	p.reads.Go(func() { p.readStdout(ours[1]) })
	p.reads.Go(func() { p.readStderr(ours[2]) })
	go func() { defer close(p.exited); _ = p.cmd.Wait() }()
	return nil
}

// readStdout hands on the first line. All that follows is noise.
func (p *process) readStdout(r io.Reader) {
	b := bufio.NewReaderSize(r, 64<<10)
	line, err := b.ReadString('\n')
	p.lines <- line
	if err != nil {
		return
	}
	noise := make([]byte, noiseBytes)
	n, _ := io.ReadFull(b, noise)
	p.mu.Lock()
	p.noise = noise[:n]
	p.mu.Unlock()
	_, _ = io.Copy(io.Discard, b)
}

// readStderr logs what the plugin logs, and keeps the end of it.
func (p *process) readStderr(r io.Reader) {
	b := bufio.NewReader(r)
	for {
		line, err := b.ReadString('\n')
		if line != "" {
			p.hear(line)
		}
		if err != nil {
			return
		}
	}
}

// hear logs what the plugin said.
func (p *process) hear(text string) {
	p.x.t.Logf("%s: %s", p.name, strings.TrimSuffix(text, "\n"))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stderr = append(p.stderr, text...)
	p.stderr = p.stderr[max(0, len(p.stderr)-lastWordsBytes):]
}

// lastWords are the end of stderr, for an error.
func (p *process) lastWords() string {
	if p.gone() {
		p.drain()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if text := strings.ToValidUTF8(string(bytes.TrimSpace(p.stderr)), "?"); text != "" {
		return "; the last it said on stderr is: " + text
	}
	return "; it said nothing on stderr"
}

// state says how the process ended; it has.
func (p *process) state() string { return p.cmd.ProcessState.String() }

func (p *process) gone() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *process) closeStdin() { p.stdin.Close() }

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// destroy ends the process and all of its group, and waits for that. What stdout
// had is known only then.
func (p *process) destroy() {
	p.x.t.Helper()
	if p.conn != nil {
		p.conn.Close()
	}
	p.stdin.Close()
	if !p.gone() {
		// Not reaped yet: the number of the group is still its own.
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.exited
	}
	if len(p.group()) > 0 {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		p.leftBehind() // waits
	}
	p.drain()
	if p.conn != nil && len(p.noise) > 0 {
		p.errorf("it writes to stdout after the handshake: %q; the daemon reads nothing more there, so log to stderr, and see to it that no library prints", p.noise)
	}
	for _, f := range p.output {
		f.Close()
	}
	p.removeDir()
}

// drain reads to the end of what the process, which is gone, has said. Who left
// its group may hold that open.
func (p *process) drain() {
	for _, f := range p.output {
		_ = f.SetReadDeadline(time.Now().Add(drainTime))
	}
	p.reads.Wait()
}

// drainTime is how long the last of stdout and stderr may take.
const drainTime = 200 * time.Millisecond

// leftBehind names what runs in the process group when its leader is gone.
// Children have a moment to end.
func (p *process) leftBehind() string {
	for end := time.Now().Add(settleTime); ; time.Sleep(5 * time.Millisecond) {
		group := p.group()
		if len(group) == 0 {
			return ""
		}
		if time.Now().After(end) {
			return strings.Join(group, ", ")
		}
	}
}

// group are the processes of the plugin's group, without those that are dead and
// only wait to be reaped by somebody else.
func (p *process) group() []string {
	id := p.cmd.Process.Pid
	if errors.Is(syscall.Kill(-id, 0), syscall.ESRCH) {
		return nil
	}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	if len(files) == 0 {
		return []string{"a process"} // no Linux: who it is cannot be said
	}
	var group []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// PID (COMM) STATE PPID PGRP …, and COMM can have anything in it.
		open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
		if open < 0 || end < open {
			continue
		}
		fields := strings.Fields(string(data[end+1:]))
		if len(fields) > 2 && fields[2] == strconv.Itoa(id) && fields[0] != "Z" && fields[0] != "X" {
			group = append(group, string(data[open+1:end]))
		}
	}
	return group
}
