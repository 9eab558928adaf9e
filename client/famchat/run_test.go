package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"famchat/protocol"

	"go.uber.org/goleak"
)

// asFamchat makes the test binary famchat itself.
const asFamchat = "FAMCHAT_TEST_MAIN"

// watchdog ends a test that hangs; no test waits for it otherwise.
const watchdog = 60 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(asFamchat) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// serve answers one client as a server would: it asks for a name, refuses taken,
// echoes every line and closes after the goodbye. It returns the address, and what it
// was sent when the client is gone.
func serve(t *testing.T, taken string) (addr string, got <-chan []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	sent := make(chan []string, 1)
	go func() {
		defer close(sent)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(watchdog))
		r, w := protocol.NewReader(conn), protocol.NewWriter(conn)
		var all []string
		prompt := "Your name? "
		err = w.WriteString("\r\x1b[K" + prompt)
		for err == nil {
			var s []byte
			if s, err = r.ReadString(); err != nil {
				break
			}
			all = append(all, string(s))
			if len(s) == 0 {
				_ = w.WriteString("\r\x1b[Kbye\n")
				break
			}
			if string(s) != taken {
				prompt = "> "
			}
			err = w.WriteString("\r\x1b[Kgot \x1b[1m" + string(s) + "\x1b[0m\n" + prompt)
		}
		sent <- all
	}()
	return l.Addr().String(), sent
}

func TestRun(t *testing.T) {
	for _, test := range []struct {
		name  string
		args  []string
		stdin string
		code  int
		out   string
		err   string
		sent  string
	}{
		{"a script", []string{"ADDR"}, "bot\nhello\n", 0, "got bot\ngot hello\nbye\n", "", "bot|hello|"},
		{"a name, after the address", []string{"ADDR", "--name", "anna"}, "hello\n", 0, "got anna\ngot hello\nbye\n", "", "anna|hello|"},
		{"a refused name", []string{"-name=leo", "ADDR"}, "hello\n", 1, "got leo\nbye\n", "famchat: the server refused the name \"leo\"; choose another with --name\n", "leo|"},
		{"a long line", []string{"ADDR"}, "bot\n" + strings.Repeat("x", 4097) + "\nhello\n", 1, "got bot\ngot hello\nbye\n", "famchat: line 2 is longer than 4096 bytes and was not sent\nfamchat: not everything was sent: lines too long: 1\n", "bot|hello|"},
	} {
		t.Run(test.name, func(t *testing.T) {
			addr, got := serve(t, "leo")
			for i, arg := range test.args {
				if arg == "ADDR" {
					test.args[i] = addr
				}
			}
			var out, errs bytes.Buffer
			code := run(t.Context(), test.args, strings.NewReader(test.stdin), &out, &errs)
			if code != test.code || out.String() != test.out || errs.String() != test.err {
				t.Errorf("got %d, %q, %q; want %d, %q, %q", code, &out, &errs, test.code, test.out, test.err)
			}
			if sent := strings.Join(<-got, "|"); sent != test.sent {
				t.Errorf("the server was sent %q, want %q", sent, test.sent)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		out  string
		err  string
	}{
		{[]string{"--help"}, 0, "Usage: famchat", ""},
		{[]string{"-h"}, 0, "Usage: famchat", ""},
		{[]string{"--version"}, 0, "famchat ", ""},
		{[]string{"--nme", "x"}, 2, "", "famchat: there is no --nme; did you mean --name?\nfamchat --help tells how it is used\n"},
		{[]string{"kitchen", "--name"}, 2, "", "--name needs a value"},
		{[]string{"a", "b"}, 2, "", "one address"},
		{[]string{"--name", strings.Repeat("x", 4097)}, 2, "", "4096"},
		{[]string{"host:port"}, 2, "", `"host:port": not an address`},
		{[]string{"--reconnect"}, 2, "", "--reconnect is for a terminal"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), test.args, strings.NewReader(""), &out, &errs)
		if code != test.code || !strings.Contains(out.String(), test.out) || !strings.Contains(errs.String(), test.err) {
			t.Errorf("%.60q: got %d, %q, %q; want %d, %q, %q", test.args, code, &out, &errs, test.code, test.out, test.err)
		}
		if (out.Len() == 0) != (test.out == "") || (errs.Len() == 0) != (test.err == "") {
			t.Errorf("%.60q: got %q, %q", test.args, &out, &errs)
		}
	}
}

func TestAddressFromTheEnvironment(t *testing.T) {
	for env, want := range map[string]string{"": "127.0.0.1:32624", "kitchen:99": "kitchen:99"} {
		t.Setenv("FAMCHAT_ADDR", env)
		if got, err := parse(nil); got.addr != want || err != nil {
			t.Errorf("FAMCHAT_ADDR=%q: got %q, %v; want %q", env, got.addr, err, want)
		}
		if got, err := parse([]string{"given"}); got.addr != "given" || err != nil {
			t.Errorf("FAMCHAT_ADDR=%q and an argument: got %q, %v", env, got.addr, err)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{addr}, strings.NewReader(""), &out, &errs)
	if want := "famchat: nobody listens on " + addr + "; start a server there with famchatd"; code != 1 || !strings.HasPrefix(errs.String(), want) {
		t.Errorf("got %d, %q; want 1, %q", code, &errs, want)
	}
}

// command is famchat in a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), watchdog)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asFamchat+"=1")
	return cmd
}

func TestSignalsSayGoodbye(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		addr, got := serve(t, "")
		cmd := command(t, addr)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(stdin, "bot\n")
		out := bufio.NewReader(stdout)
		if s, err := out.ReadString('\n'); s != "got bot\n" {
			t.Errorf("%v: got %q, %v before it", sig, s, err)
		}
		_ = cmd.Process.Signal(sig)
		if rest, err := io.ReadAll(out); string(rest) != "bye\n" || err != nil {
			t.Errorf("%v: got %q, %v; want the server's last word", sig, rest, err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", sig, err)
		}
		if sent := strings.Join(<-got, "|"); sent != "bot|" {
			t.Errorf("%v: the server was sent %q, want the name and the goodbye", sig, sent)
		}
	}
}

// famchat | head: the reader goes, and famchat goes quietly.
func TestClosedOutput(t *testing.T) {
	addr, got := serve(t, "")
	cmd := command(t, addr)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("bot\nhello\nagain\n"), w, &errs
	err = cmd.Run()
	w.Close()
	if err != nil || errs.Len() > 0 {
		t.Errorf("got %v, %q; want a quiet end", err, &errs)
	}
	if sent := strings.Join(<-got, "|"); sent != "bot|" {
		t.Errorf("the server was sent %q, want the name and the goodbye", sent)
	}
}
