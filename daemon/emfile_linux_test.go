package daemon_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"famchat/daemon"

	"golang.org/x/sys/unix"
)

// withFewDescriptors is set for the process that runs fewDescriptors; its value
// is the event loop.
const withFewDescriptors = "FAMCHAT_TEST_FEW_DESCRIPTORS"

// fewDescriptors is a server with few descriptors. It prints where it listens,
// and then, for every line it reads, how many turns its loop has made.
func fewDescriptors() int {
	c := withoutRates()
	c.EventLoop = os.Getenv(withFewDescriptors)
	s, err := daemon.New(c)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	limit := unix.Rlimit{Cur: 40, Max: 40}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		fmt.Println(err)
		return 1
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background()) }()
	fmt.Println(s.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		stats, err := s.Stats(context.Background())
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(stats.Turns)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		return 1
	}
	if <-served != nil {
		return 1
	}
	return 0
}

func TestWithoutDescriptorsNewcomersAreToldAndNothingSpins(t *testing.T) {
	for _, kind := range []string{"epoll", "poll"} {
		t.Run(kind, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), withFewDescriptors+"="+kind)
			cmd.Stderr = os.Stderr
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			line := func() string {
				if !lines.Scan() {
					t.Fatal("the server ended")
				}
				return lines.Text()
			}
			addr := line()
			turns := func() (n int) {
				fmt.Fprintln(in)
				fmt.Sscan(line(), &n)
				return n
			}
			connect := func() *person {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				p := &person{t: t, Conn: conn, changed: make(chan struct{}, 1)}
				p.reading()
				return p
			}
			first := connect()
			first.enter("mum")
			refused := func(p *person) bool {
				p.until("an answer", func() bool { return len(p.text) > 0 })
				return strings.Contains(p.all(), "the server is busy. Try again later\n")
			}
			var inside []*person
			for {
				p := connect()
				if refused(p) {
					break
				}
				if inside = append(inside, p); len(inside) > 40 {
					t.Fatal("there are more descriptors than there can be")
				}
			}
			const newcomers = 50
			before := turns()
			for range newcomers {
				p := connect()
				if !refused(p) {
					t.Fatalf("somebody came in: %q", p.all())
				}
				p.end()
			}
			if n := turns() - before; n > 10*newcomers {
				t.Errorf("%d turns for %d newcomers", n, newcomers)
			}
			first.say("still here")
			first.wait("you: still here")
			inside[0].Close()
			inside[1].Close()
			for {
				if p := connect(); !refused(p) {
					p.enter("anna")
					break
				}
			}
			first.wait("* anna joined")
			in.Close()
			first.wait("The server is closing. Bye!")
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}
