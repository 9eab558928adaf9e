package daemon_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"famchat/client"
	"famchat/daemon"
)

// narrow is a config whose backlog is soon passed.
func narrow(c daemon.Config) daemon.Config {
	c.Limits.Backlog = 64 << 10
	c.Limits.SendBuffer = 4 << 10
	c.Limits.Lagging = time.Hour
	return c
}

func TestWhoDoesNotReadIsCutOffAndNobodyElseMissesAnything(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reads int // bytes that the slow one takes for each batch
	}{{"not at all", 0}, {"a byte now and then", 1}} {
		t.Run(tt.name, func(t *testing.T) {
			eachLoop(t, func(t *testing.T, c daemon.Config) {
				c = narrow(c)
				s := start(t, c)
				mum, witness := s.join("mum"), s.join("witness")
				slow := s.dial()
				defer slow.Close()
				slow.say("slow")
				mum.wait("* slow joined\n")

				const batch, most = 8, 2000
				long := strings.Repeat("x", 3000)
				var said int
				for cut := false; !cut; {
					if said++; said > most {
						t.Fatal("who does not read is not cut off")
					}
					for i := range batch {
						mum.say(fmt.Sprintf("<%d.%d> %s", said, i, long))
					}
					for i := range batch {
						for _, p := range []*person{mum, witness} {
							if strings.Contains(p.wait(fmt.Sprintf("<%d.%d> ", said, i)), "slow was disconnected") {
								cut = true
							}
						}
					}
					if tt.reads > 0 && !cut {
						b := make([]byte, tt.reads)
						if _, err := io.ReadFull(slow, b); err != nil {
							t.Fatal(err)
						}
						slow.head = append(slow.head, b...)
					}
					members, err := s.Members(context.Background())
					if err != nil {
						t.Fatal(err)
					}
					for _, m := range members {
						// A turn adds a quarter and a frame at most before it is looked at.
						if m.Backlog > c.Limits.Backlog*5/4+8192 {
							t.Fatalf("%d bytes wait for %s, the limit is %d", m.Backlog, m.Name, c.Limits.Backlog)
						}
					}
				}
				// What it had not read yet ends with whole frames and its last words.
				slow.reading()
				if got := slow.end(); !strings.HasSuffix(got, "you read too slowly, too much is waiting for you; you are disconnected. Connect again to go on\n") {
					t.Errorf("the slow one read at last %q", tail(got))
				}
				s.join("slow") // the name is free
			})
		})
	}
}

func TestWhoIsTooFastIsToldOnceAndLosesNothing(t *testing.T) {
	c := withoutRates()
	c.Limits.MessageRate, c.Limits.MessageBurst = 20, 20
	s := start(t, c)
	mum, anna := s.join("mum"), s.join("anna")
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("line %d.", i))
	}
	mum.say(lines...)
	for _, line := range lines {
		if between := anna.wait(line); strings.Contains(between, "line") {
			t.Fatalf("before %q came %q", line, between)
		}
		mum.wait(line)
	}
	if n := strings.Count(mum.all(), "you type too fast"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestWhoNeverPausesIsCutOff(t *testing.T) {
	c := withoutRates()
	c.Limits.MessageRate, c.Limits.MessageBurst, c.Limits.FloodTimeout = 100, 1, 50*time.Millisecond
	s := start(t, c)
	mum, flood := s.join("mum"), s.join("flood")
	_, _ = flood.Write(frames(slices.Repeat([]string{"again"}, 5000)...))
	mum.wait("* flood was disconnected\n")
	if got := flood.end(); !strings.HasSuffix(got, "you are disconnected. Connect again and send less\n") {
		t.Errorf("the last words are %q", tail(got))
	}
}

func TestTwentyPastedLinesAreNoFlood(t *testing.T) {
	c := daemon.DefaultConfig()
	c.Listen = []string{"127.0.0.1:0"}
	s := start(t, c)
	p := s.join("anna")
	for i := range 20 {
		p.say(fmt.Sprintf("line %d.", i))
	}
	p.wait("line 19.")
	if strings.Contains(p.all(), "!") {
		t.Errorf("read %q", p.all())
	}
}

func TestAFullRoomSaysSo(t *testing.T) {
	eachLoop(t, func(t *testing.T, c daemon.Config) {
		c.Limits.Clients = 2
		s := start(t, c)
		mum, anna := s.join("mum"), s.join("anna")
		for range 3 {
			late := s.connect()
			if got := late.end(); got != "! Famchat is full: 2 people are connected. Try again later\n" {
				t.Errorf("read %q", got)
			}
		}
		mum.say("hello")
		anna.wait("mum: hello\n")
		anna.say("")
		mum.wait("* anna left\n")
		s.join("dad")
	})
}

// heard are the public messages m0, m1… that somebody read after joining.
func (p *person) heard() (messages []string) {
	text := p.all()
	if _, after, found := strings.Cut(text, "--- now\n"); found {
		text = after
	}
	for line := range strings.Lines(text) {
		for strings.HasPrefix(line, "> ") {
			line = line[len("> "):]
		}
		if len(line) < len("12:00   ") || line[len("12:00"):len("12:00   ")] != "   " {
			continue
		}
		who, said, _ := strings.Cut(line[len("12:00   "):], ": ")
		if who == "you" {
			who = p.name
		}
		if strings.HasPrefix(said, "m") {
			messages = append(messages, who+" "+strings.TrimSuffix(said, "\n"))
		}
	}
	return messages
}

func TestEverybodyHasTheSameMessagesInTheSameOrder(t *testing.T) {
	eachLoop(t, func(t *testing.T, c daemon.Config) {
		const people, messages, seed = 100, 1500, 11
		rng := rand.New(rand.NewPCG(seed, seed))
		s := start(t, c)
		witness := s.join("witness")
		var here, gone []*person
		for i := range people {
			here = append(here, s.join(fmt.Sprint("p", i)))
		}
		secrets := 0
		for n := range messages {
			here[rng.IntN(len(here))].say(fmt.Sprint("m", n))
			switch {
			case n%20 == 0:
				from, to := here[rng.IntN(len(here))], here[rng.IntN(len(here))]
				from.say(fmt.Sprintf("@%s secret%d.", to.name, n))
				secrets++
			case n%50 == 1:
				i := rng.IntN(len(here))
				p := here[i]
				p.say("/quit")
				p.end()
				gone = append(gone, p)
				here[i] = s.join(fmt.Sprint("new", n))
			}
		}
		// One last line ends everybody's, once all others are posted.
		all := 0
		witness.until("all messages", func() bool {
			all += bytes.Count(witness.text[witness.seen:], []byte(": m"))
			witness.seen = len(witness.text)
			return all >= messages
		})
		witness.say("m999999")
		for _, p := range append(here, witness) {
			p.wait("m999999\n")
		}
		want := witness.heard()
		if len(want) != messages+1 {
			t.Fatalf("the witness heard %d messages of %d", len(want), messages+1)
		}
		place := map[string]int{}
		for i, m := range want {
			if _, twice := place[m]; twice {
				t.Fatalf("%q was posted twice", m)
			}
			place[m] = i
		}
		for _, p := range append(here, gone...) {
			got := p.heard()
			if len(got) == 0 {
				continue // came and went between two messages
			}
			from, found := place[got[0]]
			if !found || from+len(got) > len(want) || !slices.Equal(got, want[from:from+len(got)]) {
				t.Fatalf("%s heard something else: %d messages from %q", p.name, len(got), got[0])
			}
		}
		for _, p := range here {
			if got := p.heard(); got[len(got)-1] != "witness m999999" {
				t.Errorf("%s lacks the last message", p.name)
			}
		}
		readers := map[string]int{}
		for _, p := range slices.Concat(here, gone, []*person{witness}) {
			for _, s := range regexp.MustCompile(`secret\d+`).FindAllString(p.all(), -1) {
				readers[s]++
			}
		}
		if len(readers) != secrets {
			t.Errorf("%d secrets of %d arrived", len(readers), secrets)
		}
		for s, n := range readers {
			if n > 2 {
				t.Errorf("%s is in %d transcripts", s, n)
			}
		}
	})
}

// famchat < file loses no line, in a room where others write faster than one
// person may: it waits for the answer to each line.
func TestAPipedFileLosesNoLineInABusyRoom(t *testing.T) {
	const lines, others = 60, 8
	c := daemon.DefaultConfig()
	c.Listen = []string{"127.0.0.1:0"}
	c.Limits.MessageRate, c.Limits.MessageBurst = 50, 5
	c.Limits.FloodTimeout = 300 * time.Millisecond
	s := start(t, c)
	done := make(chan struct{})
	var talking sync.WaitGroup
	for i := range others {
		p := s.join(fmt.Sprint("other", i))
		talking.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(30 * time.Millisecond):
					p.say("and another thing")
				}
			}
		})
	}
	reader := s.join("reader")
	in := "bot\n"
	want := ""
	for i := range lines {
		in += fmt.Sprintf("line %d\n", i)
		want += fmt.Sprintf("%d ", i)
	}
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	err = client.Run(t.Context(), client.Options{Conn: conn, In: strings.NewReader(in), Out: io.Discard, Err: io.Discard})
	if err != nil {
		t.Errorf("the client says: %v", err)
	}
	reader.wait("bot left")
	close(done)
	talking.Wait()
	got := ""
	for l := range strings.Lines(reader.all()) {
		if _, line, found := strings.Cut(l, "bot: line "); found {
			got += strings.TrimSpace(line) + " "
		}
	}
	if got != want {
		t.Errorf("the others read the lines\n%s\nwant\n%s", got, want)
	}
}
