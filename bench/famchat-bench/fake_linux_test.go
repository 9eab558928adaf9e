package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"testing"

	"famchat/protocol"

	"sync"
	"syscall"
	"time"
)

// fakeEnv makes this test binary be the fake daemon, with the fault that it names.
const fakeEnv = "FAMCHAT_BENCH_FAKE"

func TestMain(m *testing.M) {
	if fault := os.Getenv(fakeEnv); fault != "" {
		fmt.Fprintln(os.Stderr, serveFake(fault))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// Faults of the fake daemon. Each befalls its third public message, on the way to
// the second member.
const (
	faultNone    = "none"
	faultLose    = "lose"
	faultDouble  = "double"
	faultReorder = "reorder" // the message comes after the next one
	faultLonger  = "longer"
	faultRefuse  = "refuse" // every name
	faultDie     = "die"    // the whole daemon
)

// fake speaks as much of the chat as the benchmark needs, the simple way.
type fake struct {
	fault string

	mu      sync.Mutex
	members []net.Conn
	public  int    // messages
	held    []byte // of a reorder
}

func serveFake(fault string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	log.Info("starting", "addr", "127.0.0.1:1")
	log.Info("listening", "addr", l.Addr().String())
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		log.Info("stopped", "longest_turn", time.Millisecond, "longest_turn_cpu", time.Millisecond)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // an exit would wait for the race detector
	}()
	if err := serveFakeAdmin(); err != nil {
		return err
	}
	f := &fake{fault: fault}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go f.serve(conn)
	}
}

// serveFakeAdmin answers requests at the admin socket that the fake's famchat.yaml
// names: stats, whatever is asked.
func serveFakeAdmin() error {
	config, err := os.ReadFile(os.Args[len(os.Args)-1])
	if err != nil {
		return err
	}
	_, path, _ := strings.Cut(string(config), "admin: {socket: ")
	path, _, _ = strings.Cut(path, "}")
	_ = os.Remove(path) // of the fake before
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"members":2}`)
	}))
	return nil
}

func (f *fake) serve(conn net.Conn) {
	f.send(conn, "\r\x1b[KYour name? ")
	name, err := readString(conn)
	for err == nil && f.fault == faultRefuse {
		f.send(conn, "\r\x1b[K! no\nYour name? ")
		name, err = readString(conn)
	}
	if err != nil {
		return
	}
	f.join(conn, name)
	for {
		text, err := readString(conn)
		if err != nil {
			return
		}
		f.say(conn, name, text)
	}
}

func (f *fake) join(conn net.Conn, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, to := range f.members {
		f.send(to, fmt.Sprintf("\r\x1b[K21:03 * %s joined\n> ", name))
	}
	f.members = append(f.members, conn)
	f.send(conn, "\r\x1b[K21:03 * you joined.\n> ")
}

func (f *fake) say(author net.Conn, name, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.public++
	for i, to := range f.members {
		drawn := fmt.Sprintf("\r\x1b[K21:04   %s: %s\n> ", name, text)
		if to == author {
			drawn = fmt.Sprintf("\r\x1b[K21:04   you: %s\n> ", text)
		}
		hit := i == 1 && f.public == 3
		switch {
		case hit && f.fault == faultDie:
			os.Exit(3)
		case hit && f.fault == faultLose:
			continue
		case hit && f.fault == faultDouble:
			f.send(to, drawn)
		case hit && f.fault == faultLonger:
			drawn = "\r\x1b[K--- Tuesday\n" + drawn
		case hit && f.fault == faultReorder:
			f.held = []byte(drawn)
			continue
		}
		f.send(to, drawn)
		if i == 1 && f.held != nil {
			f.send(to, string(f.held))
			f.held = nil
		}
	}
}

// send sends one string. Who does not get it is gone, which no test of the fake
// cares about.
func (f *fake) send(to net.Conn, s string) {
	frame, err := protocol.AppendFrame(nil, s)
	if err != nil {
		panic(err)
	}
	_, _ = to.Write(frame)
}

func readString(conn net.Conn) (string, error) {
	var header [protocol.HeaderBytes]byte
	if _, err := io.ReadFull(conn, header[:]); err != nil {
		return "", err
	}
	s := make([]byte, min(binary.BigEndian.Uint64(header[:]), protocol.MaxString))
	_, err := io.ReadFull(conn, s)
	return string(s), err
}
