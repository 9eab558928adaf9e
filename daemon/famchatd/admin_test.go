package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"famchat/admin"
)

var adminSocket = regexp.MustCompile(`msg="admin socket" admin=(\S+)`)

// socket is where its admin socket is, as its log says.
func (p *process) socket() string {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.lines {
		if m := adminSocket.FindStringSubmatch(line); m != nil {
			return m[1]
		}
	}
	p.t.Fatalf("the log does not say where the admin socket is: %q", p.lines)
	return ""
}

// ask sends a request to the admin socket as curl would, and returns the status and
// the body. Without a body it is a GET.
func (p *process) ask(path, body string) (int, string) {
	p.t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", p.socket())
	}}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: watchdog}
	method, content := http.MethodGet, io.Reader(nil)
	if body != "" {
		method, content = http.MethodPost, strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://famchat"+path, content)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, strings.TrimSpace(string(b))
}

// wants asks, and compares the answer with a pattern.
func (p *process) wants(path, body string, status int, pattern string) {
	p.t.Helper()
	got, text := p.ask(path, body)
	if got != status || !regexp.MustCompile(pattern).MatchString(text) {
		p.t.Errorf("%s %s: got %d %s\nwant %d %s", path, body, got, text, status, pattern)
	}
}

// admin is the client of the daemon's socket.
func (p *process) admin() *admin.Client { return &admin.Client{Socket: p.socket()} }

func TestTheAdminSocketIsOpenToNobodyElseAndGoneAfterwards(t *testing.T) {
	p := start(t, "")
	info, err := os.Lstat(p.socket())
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
	first := slices.IndexFunc(p.lines, adminSocket.MatchString)
	if second := slices.IndexFunc(p.lines, listening.MatchString); first < 0 || second < first {
		t.Errorf("the log is %q", p.lines)
	}
	if _, err := os.Lstat(p.socket()); !os.IsNotExist(err) {
		t.Errorf("the socket is still there, %v", err)
	}
}

func TestPeopleAreNamedAsOneTypes(t *testing.T) {
	p := start(t, "")
	mum, leo, anna := p.join("mum"), p.join("leo"), p.join("Anna")
	p.connect().wait("Your name?")
	p.wants("/v1/members", "", 200, `^{"members":\[{"id":1,"name":"mum",.*{"id":2,"name":"leo",.*{"id":3,"name":"Anna",.*{"id":4,"name":"",`)
	p.wants("/v1/tell", `{"who": "LEO", "text": "dinner"}`, 200, `^{}$`)
	leo.wait("# dinner")
	p.wants("/v1/tell", `{"who": "#4", "text": "a name, please"}`, 200, `^{}$`)
	p.wants("/v1/tell", `{"who": "anan", "text": "x"}`, 404, `"no_such_member","message":"nobody here is called \\"anan\\"; did you mean Anna\?"`)
	p.wants("/v1/tell", `{"who": "#99", "text": "x"}`, 404, `nobody here has the number #99; list shows who has which`)
	p.wants("/v1/broadcast", `{"text": "a\nb"}`, 200, `^{}$`)
	mum.wait("# a\n      | b\n")
	p.wants("/v1/broadcast", `{"text": "`+strings.Repeat("x\\n", 101)+`x"}`, 400, `an announcement has between 1 and 4096 bytes`)
	// One of two that is not here leaves the other to be done.
	p.wants("/v1/mute", `{"who": ["lео", "loe", "#3", "#4", "#x"], "for": "10m", "reason": "cake"}`, 200,
		`^{"outcomes":\[{"who":"lео","id":2,"name":"leo"},`+
			`{"who":"loe","error":{"code":"no_such_member","message":"nobody here is called \\"loe\\"; did you mean leo\?"}},`+
			`{"who":"#3","id":3,"name":"Anna"},`+
			`{"who":"#4","id":4,"error":{"code":"refused","message":"#4 has no name yet, and nothing to say"}},`+
			`{"who":"#x","error":{"code":"no_such_member","message":"nobody here has the number #x; list shows who has which"}}]}$`)
	leo.wait("! you are muted for 10 minutes: cake.")
	p.wants("/v1/members", "", 200, `"name":"leo",[^}]*"muted":true}`)
	p.wants("/v1/unmute", `{"who": ["LEO", "leo", "nobody"]}`, 200,
		`{"who":"LEO","name":"leo"},{"who":"leo","error":{"code":"refused","message":"leo is not muted"}},`+
			`{"who":"nobody","error":{"code":"no_such_member",`)
	p.wants("/v1/kick", `{"who": ["leo", "dad"], "for": 600, "address": true, "reason": "enough"}`, 200,
		`{"who":"leo","id":2,"name":"leo","error":{"code":"refused","message":"leo was removed; the address is not kept out: it is this machine's own, and the whole family's"}},`+
			`{"who":"dad","error":{"code":"no_such_member"`)
	mum.wait("* leo was removed: enough")
	leo.wait("! you were removed by the admin for 10 minutes: enough")
	p.wants("/v1/bans", "", 200, `^{"bans":\[{"name":"leo","since":"[^"]*","until":"[^"]*","reason":"enough"}]}$`)
	p.wants("/v1/unban", `{"who": ["leo", "leo"]}`, 200, `^{"outcomes":\[{"who":"leo","name":"leo"},{"who":"leo","error":{"code":"no_such_ban"`)
	p.wants("/v1/kick", `{"who": ["mum"], "reason": "`+strings.Repeat("x", 501)+`"}`, 400, `a reason has at most 500 bytes, this one has 501`)
	p.wants("/v1/kick", `{"all": true}`, 200, `"#1".*"name":"mum".*"#3".*"name":"Anna".*"#4"`)
	anna.wait("! you were removed by the admin")
	p.wants("/v1/members", "", 200, `^{"members":\[]}$`)
	p.wants("/v1/stats", "", 200, `"members":0,"choosing":0,"peak":3,.*"closed":{"removed":4}`)
	p.logged(has("action=kick", "uid=", "who="))
}

func TestWatchingShowsWhatHappens(t *testing.T) {
	p := start(t, "")
	mum := p.join("mum")
	p.wants("/v1/events?messages=true", "", 409, `"refused","message":"what people write may not be read; admin.may_read: true in famchat.yaml allows it, and tells everybody so"`)
	watch, err := p.admin().Watch(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	leo := p.join("leo")
	next := func(want string) {
		t.Helper()
		e, err := watch.Next()
		if got := fmt.Sprint(e.Kind, " ", e.Name, " ", e.Reason, " ", e.To, " ", e.Text); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	next("joined leo   ")
	leo.say("secret")
	mum.wait("secret")
	p.wants("/v1/kick", `{"who": ["leo"], "reason": "enough"}`, 200, `leo`)
	next("left leo removed  enough")

	p.rewrite("plugins: []\nlisten: 127.0.0.1:0\nlimits: {lingering: 1024}\n")
	p.logged(has("settings reloaded"))
	allowed := strings.Replace(p.places, "admin: {", "admin: {may_read: true, ", 1)
	if err := os.WriteFile(p.file, []byte("plugins: []\nlisten: 127.0.0.1:0\n"+allowed), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	mum.wait("# Whoever looks after this room may read what is written here, in private too")
	if watch, err = p.admin().Watch(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	anna := p.join("anna")
	next("joined anna   ")
	anna.say("@mum psst")
	next("message anna  mum psst")
	mum.say("hello")
	next("message mum   hello")
	p.signal(syscall.SIGTERM)
	mum.wait("Bye!")
	for err == nil {
		_, err = watch.Next()
	}
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestStoppingWaitsForNobodyAtTheAdminSocket(t *testing.T) {
	p := start(t, "shutdown_grace: 1h\n")
	mum := p.join("mum")
	for _, sent := range []string{"", "POST /v1/kick HTTP/1.1\r\nHost: x\r\n", "POST /v1/kick HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"} {
		c, err := net.Dial("unix", p.socket())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, sent); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(sent, "GET") {
			if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
				t.Fatalf("got %q, %v", line, err)
			}
		}
	}
	p.signal(syscall.SIGTERM)
	mum.wait("Bye!")
	mum.Close()
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// A plugin that hangs when it is started keeps no reload, of an admin or of a signal,
// from ending.
func TestStoppingWaitsForNoReload(t *testing.T) {
	for _, signal := range []bool{true, false} {
		p := start(t, "shutdown_grace: 1h\n")
		mum := p.join("mum")
		dir := t.TempDir()
		script := "#!/bin/sh\ntouch " + dir + "/started\nexec sleep 1000\n"
		if err := os.WriteFile(dir+"/famchat-plugin-stuck", []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		settings := "listen: 127.0.0.1:0\nplugins: [{name: stuck, path: " + dir + "/famchat-plugin-stuck}]\n"
		if err := os.WriteFile(p.file, []byte(settings+p.places), 0o600); err != nil {
			t.Fatal(err)
		}
		answered := make(chan error, 1)
		if signal {
			p.signal(syscall.SIGHUP)
			answered <- io.EOF
		} else {
			go func() {
				_, err := p.admin().Reload(t.Context(), admin.ReloadRequest{})
				answered <- err
			}()
		}
		for end := time.Now().Add(watchdog); ; {
			if _, err := os.Stat(dir + "/started"); err == nil {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the plugin is not started")
			}
		}
		p.signal(syscall.SIGTERM)
		mum.wait("Bye!")
		mum.Close()
		if code := p.exit(); code != 0 {
			t.Errorf("exit %d", code)
		}
		if err := <-answered; err == nil {
			t.Error("it was reloaded")
		}
	}
}

func TestAShutdownCountsDownAndIsTakenBack(t *testing.T) {
	p := start(t, "")
	mum := p.join("mum")
	p.wants("/v1/shutdown", `{"in": "1h"}`, 200, `^{}$`)
	mum.wait("# The server closes in 1 hour")
	p.wants("/v1/stats", "", 200, `"shutdown_in_seconds":3\d\d\d`)
	p.wants("/v1/shutdown", `{"in": "30m"}`, 200, `^{}$`)
	mum.wait("# The server closes in 30 minutes")
	if err := p.admin().CancelShutdown(t.Context()); err != nil {
		t.Error(err)
	}
	mum.wait("# The server stays after all")
	if err := p.admin().CancelShutdown(t.Context()); err == nil || err.Error() != "no shutdown is under way" {
		t.Errorf("got %v", err)
	}
	p.wants("/v1/shutdown", `{"in": "169h"}`, 400, `a countdown takes at most 7 days, not 169h`)
	p.wants("/v1/shutdown", `{"in": 1}`, 200, `^{}$`)
	mum.wait("# The server closes in 1 second")
	mum.wait("# The server is closing. Bye!")
	mum.Close()
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

func TestAReloadSaysWhatItChanges(t *testing.T) {
	p := start(t, shipped+"room: {name: Kitchen}\n")
	pids := p.pids()
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(p.file, []byte("listen: 127.0.0.1:0\n"+text+p.places), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	changed := strings.Replace(shipped, "{name: profanity}, ", "", 1)
	changed = strings.Replace(changed, "{name: names}", "{name: names, config: {pattern: 'x.*'}, timeout: 2s}", 1)
	put(changed + "room: {name: Attic}\nlimits: {backlog: 4MiB}\nlog: {format: json}\n")
	const want = `^{"changed":\[{"setting":"room.name","old":"Kitchen","new":"Attic"},{"setting":"limits.backlog","old":"2MiB","new":"4MiB"},` +
		`{"setting":"plugins","old":"\[names, profanity, commands]","new":"\[names, commands]"},` +
		`{"setting":"plugins\[names].config","old":"","new":"{\\"pattern\\":\\"x\.\*\\"}"},{"setting":"plugins\[names].timeout","old":"250ms","new":"2s"},` +
		`{"setting":"log.format","old":"text","new":"json"},{"setting":"plugins\[profanity].name","old":"profanity","new":""}.*` +
		`"restart":\["limits.backlog","log.format"]}$`
	p.wants("/v1/reload", `{"dry_run": true}`, 200, want)
	anna := p.join("anna") // which the new pattern would not let in
	for _, pid := range pids {
		if !lives(pid) {
			t.Errorf("after a dry run the plugin %d is gone", pid)
		}
	}
	p.wants("/v1/reload", `{}`, 200, want)
	gone(t, pids)
	p.connect().wait("Attic")
	p.wants("/v1/reload", `{}`, 200, `^{"changed":\[],"restart":\["limits.backlog","log.format"]}$`)
	for _, bad := range []struct{ text, why string }{
		{"rooms: {}\n", `rooms: unknown key; did you mean room\?`},
		{"plugins: [{name: names, config: {pattern: '['}}]\n", `:2: plugins\[0].config: plugin names: config: pattern`},
	} {
		put(bad.text)
		for _, body := range []string{`{"dry_run": true}`, `{}`} {
			p.wants("/v1/reload", body, 409, `"refused","message":"the settings stay as they were:.*`+bad.why)
		}
	}
	anna.say("hello")
	anna.wait("you: hello")
}

func TestOnePluginAtATime(t *testing.T) {
	p := start(t, shipped)
	mum := p.join("mum")
	plugins := func() []admin.Plugin {
		t.Helper()
		var answer struct{ Plugins []admin.Plugin }
		_, text := p.ask("/v1/plugins", "")
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatal(err)
		}
		return answer.Plugins
	}
	all := plugins()
	if len(all) != 3 || all[0].Name != "names" || all[1].Name != "profanity" || all[2].Name != "commands" {
		t.Fatalf("got %+v", all)
	}
	if f := all[1]; !slices.Equal(f.Hooks, []string{"messages"}) || !slices.Equal(f.Sees, []string{"public", "private"}) || f.State != "running" || f.PID == 0 {
		t.Errorf("got %+v", f)
	}
	if c := all[2]; !slices.Equal(c.Hooks, []string{"commands"}) || len(c.Sees) != 0 || !slices.Contains(c.Commands, "roll") || len(c.Grants) != 3 {
		t.Errorf("got %+v", c)
	}
	p.wants("/v1/plugins/profanity/disable", `{}`, 200, `^{}$`)
	if state := plugins()[1].State; state != "disabled" {
		t.Errorf("it is %s", state)
	}
	mum.say("shit")
	mum.wait("you: shit")
	p.wants("/v1/plugins/profanity/enable", `{}`, 200, `^{}$`)
	p.wants("/v1/plugins/profanity/reload", `{}`, 200, `^{}$`)
	if f := plugins()[1]; f.State != "running" || f.PID == all[1].PID {
		t.Errorf("got %+v", f)
	}
	mum.say("shit")
	mum.wait("you: ****")
	watch, err := p.admin().Watch(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	next := func(want string) {
		t.Helper()
		if e, err := watch.Next(); err != nil || e.Kind != admin.EventPlugin || e.Plugin != "profanity" || e.Text != want || e.Time.IsZero() {
			t.Errorf("got %+v, %v, want %q", e, err, want)
		}
	}
	_ = syscall.Kill(plugins()[1].PID, syscall.SIGKILL)
	next("crashed: signal: killed")
	next("restarted")
	p.wants("/v1/plugins/profanity/disable", `{}`, 200, `^{}$`)
	next("disabled")
	p.wants("/v1/plugins/porfanity/reload", `{}`, 404, `"no_such_plugin","message":"there is no plugin \\"porfanity\\"; did you mean profanity\?"`)
	p.wants("/v1/plugins/weather/enable", `{}`, 404, `there is no plugin \\"weather\\"; there are commands, names, profanity`)
}

// A request that waits for the loop does not keep it from what it does.
func TestManyAskAtOnce(t *testing.T) {
	p := start(t, "")
	mum := p.join("mum")
	const askers = 8
	done := make(chan error, askers)
	for range askers {
		go func() {
			c := p.admin()
			for range 50 {
				if _, err := c.Members(t.Context()); err != nil {
					done <- err
					return
				}
				if _, err := c.Stats(t.Context()); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	late := time.After(watchdog)
	for range askers {
		mum.say("hello")
		mum.wait("you: hello")
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-late:
			t.Fatal("they do not end")
		}
	}
}
