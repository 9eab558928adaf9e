package loop

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWaitIsRoundedUp(t *testing.T) {
	l := &Loop{retryAt: Never}
	const now, ms = int64(5_000_000_000), int64(time.Millisecond)
	for _, c := range []struct {
		next int64
		want int
	}{
		{0, 0}, {now - 1, 0}, {now, 0}, {now + 1, 1}, {now + ms - 1, 1}, {now + ms, 1},
		{now + ms + 1, 2}, {now + 2*ms, 2}, {Never - 1, maxWaitMillis}, {Never, -1}, {-1, 0},
	} {
		l.next = c.next
		if got := l.waitMillis(now); got != c.want {
			t.Errorf("until %d: got %d ms, want %d", c.next-now, got, c.want)
		}
	}
	l.next, l.retryAt = Never, now+3*ms
	if got := l.waitMillis(now); got != 3 {
		t.Errorf("until a listener is tried again: got %d ms, want 3", got)
	}
	l.again = true
	if got := l.waitMillis(now); got != 0 {
		t.Errorf("when the next turn comes at once: got %d ms, want 0", got)
	}
}

func TestDeadlinesAreNotMetEarly(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		const times, step = 20, int64(1_300_000)
		var next int64
		met, early := 0, 0
		h := &script{endTurn: func(now int64) int64 {
			switch {
			case now >= next:
				met++
				next = now + step
			default:
				early++
			}
			return next
		}}
		r := byHand(t, h, Config{Kind: k})
		for met < times {
			if err := r.turn(); err != nil {
				t.Fatal(err)
			}
		}
		if early > 2 { // a signal may end a wait
			t.Errorf("%d turns came before one of %d deadlines", early, times)
		}
	})
}

func TestFullMailboxBlocksOnlyWhoPosts(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		var got []any
		h := newEcho()
		h.posted = func(m any) { got = append(got, m) }
		r := byHand(t, h, Config{Kind: k, Mailbox: 2})
		if !r.TryPost(1) || !r.TryPost(2) || r.TryPost("too many") {
			t.Fatal("a mailbox of two takes two")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := r.Post(ctx, "too late"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("posting to a full mailbox: got %v", err)
		}
		posted := make(chan error, 1)
		go func() { posted <- r.Post(t.Context(), 3) }()
		c := r.dial()
		send(t, c, []byte("x"))
		r.turns("three messages", func() bool { return len(got) == 3 })
		if err := await(t, posted); err != nil {
			t.Error(err)
		}
		for i, m := range got {
			if m != i+1 {
				t.Errorf("got %v, want 1 2 3", got)
			}
		}
		r.turns("an echo", func() bool { return r.Stats().Open == 1 && len(*r.only().Owner.(*[]byte)) == 0 })
		r.turns("a silent bell", r.isQuiet)
	})
}

func TestManyPostsRingOnce(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		posts := 0
		r := byHand(t, &script{posted: func(any) { posts++ }}, Config{Kind: k})
		for range 100 {
			r.TryPost(nil)
		}
		if got := r.rings(); got != 1 {
			t.Errorf("the bell was rung %d times, want once", got)
		}
		r.mail.bell.ring() // rings has silenced it
		r.oneTurn()
		r.oneTurn()
		if s := r.Stats(); posts != 100 || s.Wakeups != 1 {
			t.Errorf("%d messages and %d wake-ups, want 100 and 1", posts, s.Wakeups)
		}
		r.mustBeQuiet()
	})
}

// rings is how often the bell was rung: the sum in an eventfd, or a pipe's bytes.
func (r *rig) rings() int {
	r.t.Helper()
	var b [256]byte
	n, err := read(r.mail.bell.fd(), b[:])
	if err != nil {
		r.t.Fatal(err)
	}
	if runtime.GOOS == "linux" {
		return int(binary.NativeEndian.Uint64(b[:n]))
	}
	return n
}

func TestPostAfterTheEnd(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		r := newRig(t, "tcp", new(script), Config{Kind: k, Mailbox: 1})
		if !r.TryPost(nil) {
			t.Fatal("the mailbox is full")
		}
		posted := make(chan error, 1)
		go func() { posted <- r.Post(context.Background(), nil) }() // full: it waits
		r.Stop()
		if err := r.Run(); err != nil {
			t.Error(err)
		}
		await(t, r.Done())
		if err := await(t, posted); err != ErrStopped {
			t.Errorf("who waited when the loop ended: got %v", err)
		}
		if err := r.Post(t.Context(), nil); err != ErrStopped {
			t.Errorf("who comes later: got %v", err)
		}
		if r.TryPost(nil) {
			t.Error("TryPost after the end says yes")
		}
		if err := r.Run(); err != ErrStopped {
			t.Errorf("a second Run: got %v", err)
		}
	})
}

// One that waits for an answer hangs for ever where its wake-up was lost.
func TestNoWakeUpIsLost(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		type letter struct {
			from, number int
			answer       chan<- int
		}
		const posters, rounds = 8, 1500
		var seen [posters]int
		h := &script{posted: func(m any) {
			l := m.(letter)
			if l.number != seen[l.from] {
				t.Errorf("poster %d: got message %d, want %d", l.from, l.number, seen[l.from])
			}
			seen[l.from]++
			if l.answer != nil {
				l.answer <- l.number
			}
		}}
		r := running(t, "tcp", h, Config{Kind: k, Mailbox: 3})
		var all sync.WaitGroup
		for from := range posters {
			all.Go(func() {
				answer := make(chan int, 1)
				for n := range rounds {
					l := letter{from: from, number: n}
					if n%(from+1) == 0 { // some ask each time, some in bursts
						l.answer = answer
					}
					if err := r.Post(t.Context(), l); err != nil {
						t.Error(err)
						return
					}
					if l.answer != nil && await(t, answer) != n {
						t.Error("an answer to something else")
					}
				}
			})
		}
		all.Wait()
	})
}

// The bell's descriptor may be somebody else's once the loop has ended.
func TestPostingWhileTheLoopEnds(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		for range 50 {
			r := newRig(t, "tcp", new(script), Config{Kind: k, Mailbox: 4})
			r.run()
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for r.Post(context.Background(), nil) == nil {
					}
				})
			}
			r.ask(r.Stop)
			if err := await(t, r.done); err != nil {
				t.Error(err)
			}
			all.Wait()
		}
	})
}

func TestTheEndLeavesNothingOpen(t *testing.T) {
	each(t, func(t *testing.T, k Kind) {
		before := openDescriptors(t)
		r := newRig(t, "tcp", &script{opened: func(c *Conn) {
			switch c.ID() % 3 {
			case 0:
				c.Finish(make([]byte, 8<<20))
			case 1:
				c.WantRead(false)
			}
		}}, Config{Kind: k, LingerNanos: long})
		r.run()
		for range 9 {
			defer r.dial().Close()
		}
		r.eventually(func(s Stats) bool { return s.Open == 9 && s.Lingering == 3 })
		r.stop()
		if got := openDescriptors(t); got != before+9 {
			t.Errorf("%d descriptors are open, want %d and 9 of the clients", got, before)
		}
	})
}

// openDescriptors counts this process's descriptors.
func openDescriptors(t *testing.T) (n int) {
	t.Helper()
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		return len(entries)
	}
	for fd := range 4096 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
}

func TestStatsTellTheLongestTurn(t *testing.T) {
	var r *rig
	const busy = int64(2 * time.Millisecond)
	r = byHand(t, &script{posted: func(any) {
		for r.clock() < r.now+busy {
		}
	}}, Config{})
	r.now = r.clock()
	r.TryPost(nil)
	r.oneTurn()
	r.oneTurn()
	if got := r.Stats(); got.LongestTurnNanos < busy || got.LongestTurnCPUNanos <= 0 || got.Turns != 2 {
		t.Errorf("got %+v, want at least %d ns", got, busy)
	}
}

// However much is posted, a turn comes to its end, and everyone is written to.
func TestAFullMailboxDoesNotHoldUpATurn(t *testing.T) {
	var r *rig
	posted := 0
	r = byHand(t, &script{posted: func(any) {
		posted++
		for began := r.clock(); r.clock() < began+mailNanos; {
		}
	}}, Config{})
	for range 3 {
		r.TryPost(nil)
	}
	for want := 1; want <= 3; want++ {
		r.oneTurn()
		if posted != want {
			t.Errorf("after %d turns %d messages were handed over", want, posted)
		}
		if atOnce := r.waitMillis(r.clock()) == 0; atOnce != (want < 3) {
			t.Errorf("after %d of 3 messages, the next turn comes at once: %v", want, atOnce)
		}
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	cases := []struct {
		config Config
		says   string
	}{
		{Config{Kind: "kqueue"}, "auto, epoll or poll"},
		{Config{ReadBytes: -1}, "ReadBytes"},
		{Config{ReadBytes: maxReadBytes + 1}, "ReadBytes"},
		{Config{SendBufferBytes: -1}, "SendBufferBytes"},
		{Config{KeepaliveNanos: -1}, "KeepaliveNanos"},
		{Config{UserTimeoutNanos: -1}, "UserTimeoutNanos"},
		{Config{LingerNanos: -1}, "LingerNanos"},
		{Config{MaxLingering: -1}, "MaxLingering"},
		{Config{Mailbox: -1}, "Mailbox"},
		{Config{Listeners: []Listener{{0, "udp"}}}, "tcp4"},
		{Config{Listeners: []Listener{{1 << 20, "tcp"}}}, "listener"},
	}
	if !hasEpoll {
		cases = append(cases, cases[0])
		cases[len(cases)-1].config.Kind = Epoll
		cases[len(cases)-1].says = "epoll"
	}
	before := openDescriptors(t)
	for _, c := range cases {
		_, err := New(new(script), c.config)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: got %v, want one about %q", c.config, err, c.says)
		}
	}
	if got := openDescriptors(t); got != before {
		t.Errorf("%d descriptors are open, want %d", got, before)
	}
}
