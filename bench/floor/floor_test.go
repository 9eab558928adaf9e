//go:build linux

package floor

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// start starts the floor and returns its address.
func start(t *testing.T, args ...string) string {
	t.Helper()
	program, err := Build(t.Context(), t.TempDir())
	if errors.Is(err, ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stderr).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening addr=")
	if err != nil || !ok {
		t.Fatalf("the floor said %q, %v; want its address", line, err)
	}
	return addr
}

// connect makes n connections and returns when the floor has accepted all: what
// the last one sends comes to everybody.
func connect(t *testing.T, addr string, n int) []net.Conn {
	t.Helper()
	var conns []net.Conn
	for range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	if _, err := conns[n-1].Write([]byte("!")); err != nil {
		t.Fatal(err)
	}
	for i, conn := range conns {
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
	return conns
}

// TestFloorLosesNothing sends much more than ring and sockets hold, from two
// connections, while one reader pauses and one connection goes away. All others
// must read one and the same stream, with each sender's bytes in their order.
func TestFloorLosesNothing(t *testing.T) {
	for _, args := range [][]string{nil, {"--poll"}} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			const readers, total = 4, 48 << 20
			conns := connect(t, start(t, args...), readers+1)
			if err := conns[readers].Close(); err != nil {
				t.Fatal(err)
			}
			// Even bytes come from connection 0, odd ones from connection 1.
			var sums [2]uint64
			sent := make(chan error, 2)
			for sender := range sums {
				hash := fnv.New64a()
				data := make([]byte, total/2)
				random := rand.New(rand.NewPCG(1, uint64(sender)))
				for i := range data {
					data[i] = byte(random.Uint32())&^1 | byte(sender)
				}
				hash.Write(data)
				sums[sender] = hash.Sum64()
				go func() {
					_, err := conns[sender].Write(data)
					sent <- err
				}()
			}
			streams := make(chan []byte, readers)
			for i, conn := range conns[:readers] {
				go func() { streams <- readSlowly(conn, total, i == 2) }()
			}
			first := <-streams
			for range readers - 1 {
				if next := <-streams; !bytes.Equal(next, first) {
					t.Errorf("two connections read different streams, of %d and %d bytes", len(first), len(next))
				}
			}
			for range sums {
				if err := <-sent; err != nil {
					t.Error(err)
				}
			}
			for sender, want := range sums {
				hash := fnv.New64a()
				for _, b := range first {
					if int(b&1) == sender {
						hash.Write([]byte{b})
					}
				}
				if hash.Sum64() != want {
					t.Errorf("the bytes of connection %d were lost, doubled or reordered", sender)
				}
			}
		})
	}
}

// readSlowly reads total bytes; a lazy reader lets its socket fill up again and
// again. It returns what it got.
func readSlowly(conn net.Conn, total int, lazy bool) []byte {
	data := make([]byte, total)
	for got := 0; got < total; {
		upTo := total
		if lazy {
			time.Sleep(10 * time.Millisecond) // what is to be late, not awaited
			upTo = min(total, got+1<<20)
		}
		n, err := io.ReadFull(conn, data[got:upTo])
		got += n
		if err != nil {
			return data[:got]
		}
	}
	return data
}

func TestBuildErrors(t *testing.T) {
	t.Setenv("CC", "no-such-compiler")
	if _, err := Build(t.Context(), t.TempDir()); !errors.Is(err, ErrNoCompiler) {
		t.Errorf("error %v, want %v", err, ErrNoCompiler)
	}
}
