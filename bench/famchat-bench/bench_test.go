package main

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{1, 1, 100}, 1},
	} {
		before := test.values[0]
		if got := median(test.values); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.values, got, test.want)
		}
		if test.values[0] != before {
			t.Errorf("median changed its argument to %v", test.values)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median(nil) = %v, want NaN", got)
	}
}

func TestPercentile(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, test := range []struct {
		sorted []time.Duration
		p      float64
		want   time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{5}, 1, 5},
		{[]time.Duration{5}, 99, 5},
		{[]time.Duration{1, 2}, 50, 1},
		{[]time.Duration{1, 2, 3}, 50, 2},
		{[]time.Duration{1, 2, 3}, 99, 3},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 99.5, 100},
		{hundred, 100, 100},
	} {
		if got := percentile(test.sorted, test.p); got != test.want {
			t.Errorf("percentile(%d values, %v) = %d, want %d", len(test.sorted), test.p, got, test.want)
		}
	}
}

func TestSchedule(t *testing.T) {
	s := schedule{first: 20 * time.Millisecond, interval: 10 * time.Millisecond}
	for _, test := range []struct {
		now  time.Duration // milliseconds
		want int
	}{
		{0, 0}, {19, 0}, {20, 1}, {29, 1}, {30, 2}, {1019, 100}, {1020, 101},
	} {
		if got := s.ready(test.now * time.Millisecond); got != test.want {
			t.Errorf("at %d ms %d messages are due, want %d", test.now, got, test.want)
		}
	}
	for i := range 1000 {
		if due := s.due(i); s.ready(due) != i+1 || s.ready(due-1) != i {
			t.Fatalf("message %d is due at %s, when ready says %d", i, due, s.ready(due))
		}
	}
}

func TestParseListening(t *testing.T) {
	for _, test := range []struct {
		line string
		want string // none where it is empty
	}{
		{"listening addr=127.0.0.1:40001", "127.0.0.1:40001"},
		{"time=2026-11-23T09:39:56.000Z level=INFO msg=listening addr=127.0.0.1:5", "127.0.0.1:5"},
		{`level=INFO msg=listening addr="127.0.0.1:5"`, "127.0.0.1:5"},
		{"msg=listening addr=[::1]:5", "[::1]:5"},
		{"msg=listening admin=/run/famchat/admin.sock", ""},
		{"msg=starting addr=127.0.0.1:5", ""},
		{"msg=listening addr=127.0.0.1", ""},
		{"msg=listening addr=unix:/tmp/x", ""},
		{"", ""},
	} {
		got, ok := parseListening(test.line)
		if want, err := netip.ParseAddrPort(test.want); ok != (err == nil) || ok && got != want {
			t.Errorf("parseListening(%q) = %s, %v; want %q", test.line, got, ok, test.want)
		}
	}
}

func TestMessage(t *testing.T) {
	for _, length := range []int{markBytes, markBytes + 1, messageBytes, 1000} {
		text := appendText([]byte("x"), 17, 42, length)
		if len(text) != 1+length {
			t.Errorf("a text of %d bytes, want %d", len(text)-1, length)
		}
		author, seq, err := parseText([]byte("\r\x1b[K21:04   m00017: " + string(text) + "\n> "))
		if author != 17 || seq != 42 || err != nil {
			t.Errorf("parsed as message %d of %d, %v; want 42 of 17", seq, author, err)
		}
	}
	for _, bad := range []string{"", mark, mark + "00001 s=000000000", mark + "0000x s=0000000001;", mark + "00001 s=00000000x1;"} {
		if _, _, err := parseText([]byte(bad)); err == nil {
			t.Errorf("parseText(%q) has no error", bad)
		}
	}
}

func TestReport(t *testing.T) {
	var r report
	r.Head = []string{"head"}
	for round, drift := range []float64{1, 2, 4} { // the machine gets faster
		r.add("speed", "M/s", kind{true, "epoll"}, 40*drift, 0.5)
		r.add("speed", "M/s", kind{false, "epoll"}, 30*drift, 0.8+0.1*float64(round))
	}
	r.add("memory", "B", kind{true, "poll"}, 0, 0)
	r.add("memory", "B", kind{false, "poll"}, 970, 0)
	r.finish()
	var b strings.Builder
	if err := r.writeText(&b); err != nil {
		t.Fatal(err)
	}
	want := `head

                 floor epoll    epoll  ratio   floor poll     poll  ratio
speed   M/s             80.0     60.0   0.75                               generator-bound: daemon epoll in 1 of 3
memory  B                                               0      970
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
