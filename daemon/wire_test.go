package daemon_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"famchat/daemon"
)

func TestALengthBeyondTheWiresIsToldAndClosed(t *testing.T) {
	eachLoop(t, func(t *testing.T, c daemon.Config) {
		s := start(t, c)
		mum := s.join("mum")
		for _, n := range []uint64{4097, 1 << 31, 1 << 32, 1 << 63, math.MaxUint64} {
			for _, named := range []bool{false, true} {
				p := s.connect()
				if named {
					p.enter("anna")
				}
				p.Write(append(binary.BigEndian.AppendUint64(nil, n), "tail that nobody reads"...))
				got := p.end()
				if want := "a message is longer than 4096 bytes; you are disconnected. Send it in pieces\n"; !strings.HasSuffix(got, want) || strings.Count(got, "!") != 1 {
					t.Errorf("length %d: read %q", n, got)
				}
				if named {
					mum.wait("* anna was disconnected\n")
				}
			}
		}
		longest := strings.Repeat("x", 4096)
		mum.say(longest)
		eventually(t, "4096 bytes are posted", func() bool {
			return strings.Count(mum.all(), "x") >= 4096
		})
	})
}

func TestAnyChunksGiveTheSameConversation(t *testing.T) {
	whole := frames("anna", "hello", "@anna note to self", "two\nlines", "/quit")
	eachLoop(t, func(t *testing.T, c daemon.Config) {
		s := start(t, c)
		talk := func(chunks [][]byte) string {
			p := s.connect()
			for _, b := range chunks {
				if _, err := p.Write(b); err != nil {
					t.Fatal(err)
				}
			}
			got := p.end()
			if i := strings.Index(got, "--- earlier"); i >= 0 {
				j := strings.Index(got, "--- now\n")
				got = got[:i] + strings.TrimPrefix(got[j+len("--- now\n"):], "> ")
			}
			return timeOfDay.ReplaceAllString(got, "$1")
		}
		want := talk([][]byte{whole})
		if !strings.Contains(want, "you: two\n      | lines") || !strings.HasSuffix(want, "you left. Bye!\n") {
			t.Fatalf("in one piece: %q", want)
		}
		var single [][]byte
		for i := range whole {
			single = append(single, whole[i:i+1])
		}
		if got := talk(single); got != want {
			t.Errorf("byte by byte:\n%q\nwant\n%q", got, want)
		}
		for cut := 1; cut < len(whole); cut += 3 {
			if got := talk([][]byte{whole[:cut], whole[cut:]}); got != want {
				t.Errorf("cut at %d:\n%q\nwant\n%q", cut, got, want)
			}
		}
	})
}

func TestAThousandResetsInAFrameLeaveNothingBehind(t *testing.T) {
	const times = 1000
	s := start(t, withoutRates())
	mum := s.join("mum")
	before := descriptors(t)
	half := append(frames("anna"), frames("half a message")[:12]...)
	for i := range times {
		p := s.dial()
		p.t = t
		if _, err := p.Write(half); err != nil {
			t.Fatal(err)
		}
		if between := mum.wait("* anna joined\n"); strings.Contains(between, "*") {
			t.Fatalf("time %d: mum read %q", i, between)
		}
		p.reset()
		mum.wait("* anna was disconnected\n")
	}
	if got := mum.all(); strings.Contains(got, "half") {
		t.Error("half a message was posted")
	}
	eventually(t, "all descriptors are closed", func() bool { return descriptors(t) <= before })
}

// The deadline of a frame is absolute: a member who sends a byte whenever the
// server has shown that it is alive is cut off all the same.
func TestAByteNowAndThenDoesNotMoveTheDeadline(t *testing.T) {
	eachLoop(t, func(t *testing.T, c daemon.Config) {
		c.Limits.FrameTimeout = 200 * time.Millisecond
		s := start(t, c)
		mum := s.join("mum")
		slow := s.join("slow")
		frame := frames(strings.Repeat("x", 4096))
		stop := make(chan struct{})
		dripped := make(chan int)
		go func() {
			// More often than the deadline, and for much longer than the watchdog.
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for i := range frame[:len(frame)-1] {
				if _, err := slow.Write(frame[i : i+1]); err != nil {
					dripped <- i
					return
				}
				select {
				case <-tick.C:
				case <-stop:
					dripped <- i
					return
				}
			}
			dripped <- len(frame)
		}()
		mum.wait("* slow was disconnected\n")
		close(stop)
		<-dripped
		slow.wait("a message began and never ended")
		mum.say("still here")
		mum.wait("you: still here")
	})
}

func TestManyWhoNeverFinishDoNotKeepAnybodyOut(t *testing.T) {
	s := start(t, withoutRates())
	for i := range 300 {
		p := s.dial()
		t.Cleanup(func() { p.Close() })
		if _, err := p.Write(frames(fmt.Sprint("name", i))[:9]); err != nil {
			t.Fatal(err)
		}
	}
	p := s.join("anna")
	p.say("hello")
	p.wait("you: hello")
}
