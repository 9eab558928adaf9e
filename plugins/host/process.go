package host

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

const (
	// termGrace is how long a plugin that was asked to end has before it is killed.
	termGrace = 300 * time.Millisecond
	// lastLines is how long a plugin's last log lines are waited for: a child of
	// its may hold the pipe for ever.
	lastLines = 200 * time.Millisecond
	// maxHandshake is how long the line may be by which a plugin says where it is.
	maxHandshake = 8 << 10
)

// process is a plugin's process, as go-plugin's runner. What go-plugin may wait
// for is over as soon as the process is: the pipes are read here.
type process struct {
	cmd     *exec.Cmd
	spawner *spawner
	guard   *guard
	log     *stderrLog
	memory  int64

	stdin          io.WriteCloser // never written to: its end says that the host is gone
	stdout, stderr io.ReadCloser
	handshake      *io.PipeReader
	handshakeIn    *io.PipeWriter

	mu      sync.Mutex // held to start, to signal and to reap
	pid     int        // 0 is not started
	stopped bool       // it was asked to end
	reaped  bool
	state   *os.ProcessState
	ended   chan struct{} // closed when the process has been reaped
	heard   chan struct{} // closed when the last that it logged has been read
	pipes   sync.WaitGroup
}

var _ runner.Runner = (*process)(nil)

func newProcess(cmd *exec.Cmd, s *spawner, g *guard, log *stderrLog, memory int64) (*process, error) {
	cmd.SysProcAttr = sysProcAttr()
	// go-plugin would hand over the host's own.
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, nil, nil
	p := &process{cmd: cmd, spawner: s, guard: g, log: log, memory: memory, ended: make(chan struct{}), heard: make(chan struct{})}
	p.handshake, p.handshakeIn = io.Pipe()
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if p.stdout, err = cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	p.stderr, err = cmd.StderrPipe()
	return p, err
}

// Start starts the process.
func (p *process) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return errNotStarted
	}
	if err := p.spawner.start(p.cmd); err != nil {
		p.handshakeIn.Close()
		return fmt.Errorf("starting it: %w", err)
	}
	p.pid = p.cmd.Process.Pid
	p.guard.begins(p.pid)
	limit(p.pid, p.memory)
	p.pipes.Go(p.readStdout)
	p.pipes.Go(func() { p.log.read(p.stderr) })
	go p.reap(p.pid)
	return nil
}

// readStdout hands on the handshake, and drops what else comes.
func (p *process) readStdout() {
	r := bufio.NewReaderSize(p.stdout, maxHandshake)
	line, err := r.ReadSlice('\n')
	if err == nil || len(line) > 0 {
		_, _ = p.handshakeIn.Write(line)
	}
	p.handshakeIn.Close()
	if n, _ := io.Copy(io.Discard, r); n > 0 {
		p.log.note("the plugin prints on stdout, which is lost; it should log instead", "bytes", n)
	}
}

// reap waits for the end of the process and clears up behind it.
func (p *process) reap(pid int) {
	awaitEnd(pid)
	p.signal(syscall.SIGKILL) // whom it left in its group
	p.mu.Lock()
	p.state, _ = p.cmd.Process.Wait()
	p.reaped = true
	p.mu.Unlock()
	p.guard.ends(pid)
	p.handshakeIn.Close()
	close(p.ended)
	done := make(chan struct{})
	go func() { p.pipes.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(lastLines):
	}
	close(p.heard)
	p.stdin.Close()
	p.stdout.Close()
	p.stderr.Close()
	<-done
}

// signal signals the process and all in its group. As long as the process is not
// reaped no other group has its number.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pid > 0 && !p.reaped {
		_ = syscall.Kill(-p.pid, s)
	}
}

// how says how the process ended, and what it said last.
func (p *process) how() string {
	select {
	case <-p.ended:
		<-p.heard
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == nil {
		return "it ended"
	}
	how := p.state.String()
	if said := p.log.lastWords(); p.state.Exited() && said != "" { // a signal needs no words
		how += "; the last it said: " + said
	}
	return how
}

// end ends the process: it is asked to, and killed if it does not. It returns when
// the process has ended. One that was not started never is.
func (p *process) end() {
	p.mu.Lock()
	first, started := !p.stopped, p.pid > 0
	p.stopped = true
	p.mu.Unlock()
	if !started {
		return
	}
	if first {
		p.stdin.Close()
		p.signal(syscall.SIGTERM)
		// One that is stopped heeds no signal but this and the last.
		p.signal(syscall.SIGCONT)
	}
	select {
	case <-p.ended:
	case <-time.After(termGrace):
		p.signal(syscall.SIGKILL)
		<-p.ended
	}
}

// started returns the process ID, 0 where it was not started.
func (p *process) started() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

var errNotStarted = errors.New("it was not started")

// The methods below are go-plugin's.

// Wait waits for the end.
func (p *process) Wait(context.Context) error {
	if p.started() == 0 {
		return errNotStarted
	}
	<-p.ended
	return nil
}

// Kill ends it.
func (p *process) Kill(context.Context) error {
	p.end()
	return nil
}

// Stdout is the handshake and nothing else.
func (p *process) Stdout() io.ReadCloser { return p.handshake }

// Stderr is empty: it is read here.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(eof{}) }

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// Name is its file.
func (p *process) Name() string { return p.cmd.Args[0] }

// ID is its process ID.
func (p *process) ID() string {
	pid := p.started()
	if pid == 0 {
		return ""
	}
	return strconv.Itoa(pid)
}

// Diagnose has nothing to add.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost changes nothing: both are on one machine.
func (p *process) PluginToHost(network, addr string) (string, string, error) {
	return network, addr, nil
}

// HostToPlugin changes nothing.
func (p *process) HostToPlugin(network, addr string) (string, string, error) {
	return network, addr, nil
}
