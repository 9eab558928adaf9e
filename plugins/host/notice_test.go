package host_test

import (
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"famchat/plugins/host"
)

// Whoever watches is told what becomes of a plugin, in order.
func TestNotifyTellsWhatBecomesOfAPlugin(t *testing.T) {
	var mu sync.Mutex
	var told []string
	h, err := host.New(t.Context(), host.Config{
		Plugins: []host.Plugin{behaving(t, "one", behaviour{Mark: "1", Commands: []string{"do"}})}, Folder: folder(t),
		Notify: func(e host.Event) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, strings.TrimSpace(e.Plugin+" "+e.What+" "+e.Detail))
			if e.Time.IsZero() {
				t.Errorf("%+v has no time", e)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	r := &rig{Host: h, t: t, log: &logBuffer{}}
	var want []string
	expect := func(event string) {
		t.Helper()
		want = append(want, event)
		eventually(t, event, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(told) >= len(want)
		})
	}
	_ = syscall.Kill(r.Status()[0].PID, syscall.SIGKILL)
	expect("one crashed signal: killed")
	expect("one restarted")
	if err := r.ReloadOne(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	expect("one reloaded version 1.2.3")
	if err := r.Disable("one"); err != nil {
		t.Fatal(err)
	}
	expect("one disabled")
	if err := r.Enable("one"); err != nil {
		t.Fatal(err)
	}
	expect("one enabled")
	expect("one restarted")
	r.run("do", "all")
	for _, grant := range []string{"say", "act", "private", "tell"} {
		expect("one not granted /do needs the grant " + grant)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(told, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
}
