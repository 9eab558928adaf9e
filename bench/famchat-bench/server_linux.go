package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	startTimeout = 10 * time.Second // until a server says that it listens
	stopTimeout  = 5 * time.Second  // from SIGTERM to SIGKILL
	tailLines    = 20               // of a server's log, for an error
)

// programs are what is measured and where it runs.
type programs struct {
	floor      string
	daemon     string
	client     string
	gomaxprocs int    // for the daemon
	folder     string // temporary: configs, the daemon's runtime folder
	cores      cores

	messageRate int    // of each member that the daemon allows; 0: any
	plugins     string // the daemon's, as famchat.yaml has them; "": none
}

// config is the famchat.yaml of the measured daemon: nothing that would slow down
// or refuse the load, and the defaults for everything else.
const config = `listen: 127.0.0.1:0
event_loop: %s
limits: {clients: 12000, message_rate: %d, name_timeout: 2m}
plugins: %s
log: {level: info, format: text}
admin: {socket: %s}
state: %s
`

// socket is where the daemon's admin socket is.
func (p *programs) socket() string { return filepath.Join(p.folder, "admin.sock") }

// server is one running server, a child of this process.
type server struct {
	kind   kind
	addr   netip.AddrPort
	socket string        // of the daemon's admin
	took   time.Duration // from the start until it listened
	pid    int

	cmd    *exec.Cmd
	exited chan struct{} // closed when it was reaped

	mu   sync.Mutex
	tail []string // the last lines of its log
}

// start starts a server of kind k on its core and waits until it listens. The
// calling goroutine MUST be locked to its thread, whose affinity the child
// inherits.
func (p *programs) start(ctx context.Context, k kind) (*server, error) {
	cmd := exec.Command(p.floor)
	if k.Floor && k.Poller == "poll" {
		cmd.Args = append(cmd.Args, "--poll")
	}
	if !k.Floor {
		file := filepath.Join(p.folder, "famchat-"+k.Poller+".yaml")
		text := fmt.Appendf(nil, config, k.Poller, p.messageRate, cmp.Or(p.plugins, "[]"), p.socket(), p.folder)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return nil, fmt.Errorf("writing the daemon's config: %w", err)
		}
		cmd = exec.Command(p.daemon, "-c", file)
		cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", p.gomaxprocs), "XDG_RUNTIME_DIR="+p.folder)
	}
	// Its own process group: Ctrl-C is for us, and we stop it. Should we be
	// killed, it goes with us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	began := time.Now()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", k, err)
	}
	if err := startOn(p.cores, cmd); err != nil {
		return nil, fmt.Errorf("starting %s: %w", k, err)
	}
	s := &server{kind: k, socket: p.socket(), pid: cmd.Process.Pid, cmd: cmd, exited: make(chan struct{})}
	listening := make(chan netip.AddrPort, 1)
	go s.follow(stderr, listening)
	if err := s.await(ctx, listening); err != nil {
		s.stop()
		return nil, err
	}
	s.took = time.Since(began)
	return s, nil
}

// startOn starts cmd on the servers' core: this thread goes there for the fork.
func startOn(c cores, cmd *exec.Cmd) error {
	if err := unix.SchedSetaffinity(0, oneCore(c.server)); err != nil {
		return fmt.Errorf("pinning: %w", err)
	}
	err := cmd.Start()
	return errors.Join(err, unix.SchedSetaffinity(0, oneCore(c.generator)))
}

// follow reads the log to its end, then reaps the process.
func (s *server) follow(log io.Reader, listening chan<- netip.AddrPort) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.mu.Lock()
		s.tail = append(s.tail[max(0, len(s.tail)-tailLines+1):], lines.Text())
		s.mu.Unlock()
		if addr, ok := parseListening(lines.Text()); ok {
			select {
			case listening <- addr:
			default: // it listens elsewhere too; the first will do
			}
		}
	}
	// A line too long for the scanner: the rest must still be read.
	_, _ = io.Copy(io.Discard, log)
	_ = s.cmd.Wait() // why it ended is in its log; stop asks for a signal's death
	close(s.exited)
}

func (s *server) await(ctx context.Context, listening <-chan netip.AddrPort) error {
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case s.addr = <-listening:
		if !s.addr.Addr().Is4() {
			return fmt.Errorf("%s listens on %s, not on an IPv4 address", s.kind, s.addr)
		}
		return nil
	case <-s.exited:
		return s.explain(fmt.Errorf("%s ended at once: %s", s.kind, s.cmd.ProcessState))
	case <-timeout.C:
		return s.explain(fmt.Errorf("%s did not say that it listens within %s", s.kind, startTimeout))
	case <-ctx.Done():
		return ctx.Err()
	}
}

// explain adds the end of the server's log to an error.
func (s *server) explain(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil || len(s.tail) == 0 {
		return err
	}
	return fmt.Errorf("%w\nthe end of its log:\n  %s", err, strings.Join(s.tail, "\n  "))
}

// terminate asks the server to stop and does not wait.
func (s *server) terminate() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
}

// stop ends the server, at last by SIGKILL, and returns when it was reaped.
func (s *server) stop() {
	s.terminate()
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-s.exited:
	case <-timeout.C:
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// cpu returns the CPU time that the server has used.
func (s *server) cpu() (time.Duration, error) {
	return processCPU(s.pid)
}

// rss returns the server's resident memory in bytes.
func (s *server) rss() (int64, error) {
	return processRSS(s.pid)
}
