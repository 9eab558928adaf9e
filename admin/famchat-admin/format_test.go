package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"

	"famchat/admin"
)

func TestTimesAndSizesReadWell(t *testing.T) {
	const day = 24 * time.Hour
	for want, d := range map[string]time.Duration{
		"0s": 0, "59s": 59*time.Second + 999*time.Millisecond, "1m": time.Minute, "1m5s": 65 * time.Second, "1h": time.Hour,
		"1h1m": 61*time.Minute + 30*time.Second, "2d": 2 * day, "2d3h": 2*day + 3*time.Hour + time.Minute,
	} {
		if got := span(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
	if got := span(-time.Second); got != "0s" {
		t.Errorf("what is over: got %s", got)
	}
	for want, d := range map[string]time.Duration{
		"0": 0, "80µs": 80 * time.Microsecond, "0.7ms": 700 * time.Microsecond, "12ms": 12 * time.Millisecond, "1.5s": 1500 * time.Millisecond,
	} {
		if got := short(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
	for want, n := range map[string]float64{"0 B": 0, "1023 B": 1023, "1 KiB": 1024, "1.5 KiB": 1536, "5 MiB": 5 << 20, "2048 TiB": 1 << 51} {
		if got := size(n); got != want {
			t.Errorf("%v: got %s, want %s", n, got, want)
		}
	}
	for want, n := range map[string]float64{"0": 0, "0.5": 0.5, "9999": 9999, "12k": 12000, "12.5k": 12500, "50M": 5e7} {
		if got := count(n); got != want {
			t.Errorf("%v: got %s, want %s", n, got, want)
		}
	}
}

func TestTimesAreTypedWithDays(t *testing.T) {
	for typed, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour,
	} {
		var d durationFlag
		if err := d.Set(typed); err != nil || time.Duration(d) != want {
			t.Errorf("%s: got %v, %v, want %v", typed, time.Duration(d), err, want)
		}
	}
	for _, typed := range []string{"", "10", "0s", "-5m", "soon", "d", "1d-30h", "99999999d", "1h2d", "9223372036s9223372036s"} {
		var d durationFlag
		if err := d.Set(typed); err == nil || !strings.Contains(err.Error(), "90s, 10m, 1h30m or 2d") {
			t.Errorf("%q: got %v, %v", typed, time.Duration(d), err)
		}
	}
}

func TestColumnsStandBelowEachOther(t *testing.T) {
	table := newTable("NAME", "N", "NOTE").numbers(1)
	table.row("anna", "5", "")
	table.row("日本語\u202e", "1234", "x")
	got := strings.Join(table.lines(), "\n")
	want := "NAME       N  NOTE\nanna       5\n日本語  1234  x"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTopHasTheBusiestFirst(t *testing.T) {
	at := time.Date(2026, 11, 24, 21, 0, 0, 0, time.Local)
	before := look{at: at, members: []admin.Member{{ID: 1, Messages: 100}, {ID: 2, Messages: 5}, {ID: 3}, {ID: 4, Messages: 7}}}
	before.stats.Messages = 100
	now := look{at: at.Add(2 * time.Second), plugins: []admin.Plugin{{Name: "names", State: admin.PluginLeftAlone, RetryIn: admin.Duration(2500 * time.Millisecond)}}}
	now.members = []admin.Member{{ID: 1, Name: "quiet", Messages: 100}, {ID: 2, Name: "busy", Messages: 25}, {ID: 3, Name: "behind", Backlog: 2048}, {ID: 4, Name: "chatty", Messages: 27}}
	now.stats = admin.Stats{Version: "v1", Messages: 140, ShutdownIn: admin.Duration(time.Minute)}
	var text []string
	for _, l := range drawTop(before, now, 80, 40) {
		text = append(text, l.text)
	}
	got := strings.Join(text, "\n")
	want := `famchat v1, up 0s, 21:00:02
the daemon stops in 1m
members 0, choosing 0, peak 0, connections accepted 0
a second: messages 20, deliveries 0, read 0 B, written 0 B; waiting 0 B
longest turn 0, log records lost 0; ended: none

PLUGIN  STATE                        CALLS/S  FAILURES  P50  P99
names   left alone, tried again in 3s      0         0    0    0

MEMBER       MESSAGES/S  MESSAGES  BACKLOG  IDLE  ADDRESS
chatty (#4)          10        27      0 B    0s
busy (#2)            10        25      0 B    0s
behind (#3)           0         0    2 KiB    0s
quiet (#1)            0       100      0 B    0s`
	want = strings.Replace(want, "STATE                        CALLS/S", "STATE                          CALLS/S", 1)
	want = strings.Replace(want, "in 3s      0", "in 3s        0", 1)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestALowScreenOfTopIsForTheMembers(t *testing.T) {
	now := look{at: time.Now(), members: []admin.Member{{ID: 1, Name: "anna"}}, plugins: make([]admin.Plugin, 3)}
	if text := fmt.Sprint(drawTop(now, now, 80, 24)); !strings.Contains(text, "PLUGIN") || !strings.Contains(text, "anna") {
		t.Errorf("on a usual screen: got %s", text)
	}
	if text := fmt.Sprint(drawTop(now, now, 80, 10)); strings.Contains(text, "PLUGIN") || !strings.Contains(text, "anna") {
		t.Errorf("on a low screen: got %s", text)
	}
}

func TestTopFitsAnyScreen(t *testing.T) {
	now := look{at: time.Now(), stats: admin.Stats{Version: "日本語 👨\u200d👩\u200d👧"}}
	for i := range 50 {
		now.members = append(now.members, admin.Member{ID: uint64(i + 1), Name: "日本語👍🏽"})
	}
	for width := 1; width < 90; width++ {
		for _, height := range []int{1, 2, 5, 24, 100} {
			lines := drawTop(now, now, width, height)
			if len(lines) > height {
				t.Fatalf("%dx%d: got %d lines", width, height, len(lines))
			}
			for _, l := range lines {
				if uniseg.StringWidth(l.text) > width {
					t.Fatalf("%dx%d: %q is wider", width, height, l.text)
				}
			}
		}
	}
}

func TestARestartedDaemonHasNoNegativeRates(t *testing.T) {
	before, now := look{at: time.Unix(0, 0)}, look{at: time.Unix(2, 0)}
	before.stats.Messages, now.stats.Messages = 1000, 4
	if text := fmt.Sprint(drawTop(before, now, 80, 24)); !strings.Contains(text, "messages 0,") {
		t.Errorf("got %s", text)
	}
}

func TestWhatIsOfferedIsWaitedForBriefly(t *testing.T) {
	offer(-1, func(ctx context.Context) []string {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > time.Second {
			t.Errorf("got %v, want a second at most: the prompt waits", deadline)
		}
		return nil
	})(newRoot(&app{client: new(admin.Client), p: &printer{}, getenv: func(string) string { return "" }}), nil, "")
}
