package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestEveryRequestReachesTheDaemon(t *testing.T) {
	for _, test := range []struct {
		method, path, body string
		want               string // what the daemon was asked
		answer             string
	}{
		{"GET", "/v1/members", "", "[members]", `{"members":[]}`},
		{"GET", "/v1/bans", "", "[bans]", `{"bans":[]}`},
		{"GET", "/v1/plugins", "", "[plugins]", `{"plugins":[]}`},
		{"POST", "/v1/kick", `{"who":["leo","#17"],"for":"10m","address":true,"reason":"cake"}`, "[{[leo #17] false 600000000000 true cake}]", `{"outcomes":[]}`},
		{"POST", "/v1/kick", `{"all":true}`, "[{[] true 0 false }]", `{"outcomes":[]}`},
		{"POST", "/v1/unban", `{"who":["leo"]}`, "[unban {[leo]}]", `{"outcomes":[]}`},
		{"POST", "/v1/mute", `{"who":["leo"],"for":90.5}`, "[{[leo] 90500000000 }]", `{"outcomes":[]}`},
		{"POST", "/v1/unmute", `{"who":["leo"]}`, "[unmute {[leo]}]", `{"outcomes":[]}`},
		{"POST", "/v1/broadcast", `{"text":"dinner\nnow"}`, "[{dinner\nnow}]", `{}`},
		{"POST", "/v1/tell", `{"who":"leo","text":"now"}`, "[{leo now}]", `{}`},
		{"POST", "/v1/plugins/names/reload", "", "[reload plugin names]", `{}`},
		{"POST", "/v1/plugins/names/disable", "{}", "[disable plugin names]", `{}`},
		{"POST", "/v1/plugins/a%2Fb/enable", "", "[enable plugin a/b]", `{}`},
		{"POST", "/v1/reload", "", "[{false}]", `{"changed":[],"restart":[]}`},
		{"POST", "/v1/reload", `{"dry_run":true}`, "[{true}]", `{"changed":[],"restart":[]}`},
		{"POST", "/v1/shutdown", "", "[{0}]", `{}`},
		{"POST", "/v1/shutdown", `{"in":60}`, "[{60000000000}]", `{}`},
		{"DELETE", "/v1/shutdown", "", "[cancel]", `{}`},
	} {
		f := &fake{}
		answer, body := serve(t, f).send(test.method, test.path, test.body)
		if answer.StatusCode != http.StatusOK || body != test.answer+"\n" || answer.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: got %d %s", test.method, test.path, answer.StatusCode, body)
		}
		if got := fmt.Sprint(f.requests()); got != test.want {
			t.Errorf("%s %s: it was asked %s, want %s", test.method, test.path, got, test.want)
		}
	}
}

func TestWhatIsNoRequestIsASentence(t *testing.T) {
	f := &fake{}
	r := serve(t, f)
	big := `{"text":"` + strings.Repeat("x", maxBodyBytes) + `"}`
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/v1/nothing", "", 404, `"not_found","message":"there is no /v1/nothing`},
		{"GET", "/", "", 404, `"not_found"`},
		{"POST", "/v1/members", "", 405, `"bad_method","message":"/v1/members is for GET, not for POST"`},
		{"PUT", "/v1/shutdown", "", 405, `/v1/shutdown is for DELETE, POST, not for PUT`},
		{"GET", "/v1/members?sort=name", "", 400, `/v1/members takes no \"sort\"`},
		{"GET", "/v1/events?message=true", "", 400, `takes no \"message\"`},
		{"GET", "/v1/events?messages=perhaps", "", 400, `messages is true or false`},
		{"GET", "/v1/members", "{}", 400, `takes no body`},
		{"POST", "/v1/kick", "", 400, `say who`},
		{"POST", "/v1/kick", `{"who":[]}`, 400, `say who`},
		{"POST", "/v1/kick", `{"who":[""]}`, 400, `is empty`},
		{"POST", "/v1/kick", `{"who":["leo"],"all":true}`, 400, `\"all\" is everybody`},
		{"POST", "/v1/kick", `{"who":["leo"],"for":-1}`, 400, `cannot be less than 0`},
		{"POST", "/v1/kick", `{"who":["leo"],"address":true}`, 400, `it needs \"for\"`},
		{"POST", "/v1/kick", `{"who":["leo"],"for":"soon"}`, 400, `a time is a number of seconds or a string such as \"10m\", not \"soon\"`},
		{"POST", "/v1/kick", `{"who":["leo"],"for":1e300}`, 400, `more than 292 years`},
		{"POST", "/v1/kick", `{"who":["leo"],"for":null,"for":[]}`, 400, `a time is a number`},
		{"POST", "/v1/kick", `{"who":"leo"}`, 400, `\"who\" is a list, not a string`},
		{"POST", "/v1/kick", `{"whom":["leo"]}`, 400, `there is no \"whom\" in this request; did you mean \"who\"?`},
		{"POST", "/v1/kick", `{"victims":["leo"]}`, 400, `it may have who, all, for, address, reason`},
		{"POST", "/v1/kick", `{"who":["leo"]} {}`, 400, `something follows`},
		{"POST", "/v1/kick", `{"who":["leo"]`, 400, `it ends in the middle`},
		{"POST", "/v1/kick", `{who}`, 400, `not JSON`},
		{"POST", "/v1/kick", `["leo"]`, 400, `a request is an object, not a array`},
		{"POST", "/v1/mute", `{"who":["leo"],"for":-1}`, 400, `cannot be less than 0`},
		{"POST", "/v1/broadcast", `{"text":" \n"}`, 400, `there is nothing in \"text\"`},
		{"POST", "/v1/broadcast", big, 413, `"too_large"`},
		{"POST", "/v1/tell", `{"text":"now"}`, 400, `say whom`},
		{"POST", "/v1/shutdown", `{"in":-5}`, 400, `cannot be less than 0`},
		{"DELETE", "/v1/shutdown", `{"in":5}`, 400, `this request takes nothing, not \"in\"`},
		{"POST", "/v1/plugins/names/reload", `{"now":true}`, 400, `this request takes nothing`},
	} {
		answer, body := r.send(test.method, test.path, test.body)
		if answer.StatusCode != test.status || !strings.Contains(strings.ReplaceAll(body, `"code":`, ""), test.want) {
			t.Errorf("%s %s %.60s:\n got %d %s\nwant %d %s", test.method, test.path, test.body, answer.StatusCode, body, test.status, test.want)
		}
	}
	if asked := f.requests(); len(asked) > 0 {
		t.Errorf("the daemon was asked %v", asked)
	}
}

func TestACallerWhoIsNotKnownIsKeptOut(t *testing.T) {
	f := &fake{}
	s := NewServer(f, slog.New(slog.DiscardHandler))
	answer := httptest.NewRecorder()
	s.handler(t.Context()).ServeHTTP(answer, httptest.NewRequest("GET", "/v1/members", nil))
	if answer.Code != http.StatusForbidden || len(f.requests()) > 0 {
		t.Errorf("got %d, and it was asked %v", answer.Code, f.requests())
	}
}

func TestARequestIsJSON(t *testing.T) {
	f := &fake{}
	r := serve(t, f)
	for kind, want := range map[string]int{
		"": 200, "application/json": 200, "application/json; charset=utf-8": 200,
		"application/x-www-form-urlencoded": 415, "text/plain": 415, ";": 415,
	} {
		request, err := http.NewRequest("POST", "http://famchat/v1/broadcast", strings.NewReader(`{"text":"now"}`))
		if err != nil {
			t.Fatal(err)
		}
		if kind != "" {
			request.Header.Set("Content-Type", kind)
		}
		if answer, body := r.do(request); answer.StatusCode != want {
			t.Errorf("%q: got %d %s", kind, answer.StatusCode, body)
		}
	}
}

func TestAnErrorHasItsCodeAndStatus(t *testing.T) {
	for code, want := range map[Code]int{
		CodeNoMember: 404, CodeNoPlugin: 404, CodeNoBan: 404, CodeRefused: 409, CodeStopping: 503, CodeInternal: 500, CodeTimeout: 504, CodeForbidden: 403,
	} {
		f := &fake{err: fmt.Errorf("wrapped: %w", Errorf(code, "a \u202esentence"))}
		answer, body := serve(t, f).send("GET", "/v1/stats", "")
		if answer.StatusCode != want || body != `{"error":{"code":"`+string(code)+`","message":"a \u202esentence"}}`+"\n" {
			t.Errorf("%s: got %d %s", code, answer.StatusCode, body)
		}
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{errors.New("disk full"), `{"error":{"code":"internal","message":"disk full"}}`},
		{context.DeadlineExceeded, `"code":"timeout"`},
		{context.Canceled, `"code":"stopping"`},
	} {
		if _, body := serve(t, &fake{err: test.err}).send("GET", "/v1/stats", ""); !strings.Contains(body, test.want) {
			t.Errorf("%v: got %s", test.err, body)
		}
	}
}

func TestAPanicIsAnAnswerAndALogRecord(t *testing.T) {
	f := &fake{before: func(context.Context) error { panic("of the test") }}
	r := serve(t, f)
	for range 2 {
		if answer, body := r.send("POST", "/v1/reload", ""); answer.StatusCode != 500 || !strings.Contains(body, "its log says more") {
			t.Errorf("got %d %s", answer.StatusCode, body)
		}
	}
	if log := r.log.String(); !strings.Contains(log, `panic="of the test"`) || !strings.Contains(log, "action=reload") || !strings.Contains(log, "outcome=internal") {
		t.Errorf("the log has %s", log)
	}
}

func TestEveryCallOfTheDaemonHasADeadline(t *testing.T) {
	for _, route := range routes {
		if route.stream != nil {
			continue
		}
		f := &fake{}
		var left time.Duration
		f.before = func(ctx context.Context) error {
			deadline, ok := ctx.Deadline()
			if !ok {
				t.Errorf("%s: got none", route.path)
			}
			left = time.Until(deadline)
			return nil
		}
		body := ""
		if route.method == "POST" {
			body = `{}`
		}
		switch route.path {
		case "/v1/tell":
			body = `{"who":"leo","text":"now"}`
		case "/v1/broadcast":
			body = `{"text":"now"}`
		case "/v1/kick", "/v1/unban", "/v1/mute", "/v1/unmute":
			body = `{"who":["leo"]}`
		}
		if answer, got := serve(t, f).send(route.method, route.path, body); answer.StatusCode != 200 || left <= 0 || left > slowTimeout {
			t.Errorf("%s: got %d %s, and %v", route.path, answer.StatusCode, got, left)
		}
	}
}

func TestACallerThatGoesAwayEndsItsCall(t *testing.T) {
	began, ended := make(chan struct{}), make(chan struct{})
	f := &fake{before: func(ctx context.Context) error {
		close(began)
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	}}
	r := serve(t, f)
	ctx, goAway := context.WithCancel(t.Context())
	go func() { _, _ = r.client.Kick(ctx, KickRequest{Who: []string{"leo"}}) }()
	await(t, began)
	goAway()
	await(t, ended)
}

func TestOneWhoSendsHalfARequestHoldsUpNobody(t *testing.T) {
	r := serve(t, &fake{})
	for _, half := range []string{"", "GET /v1/mem", "POST /v1/kick HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"} {
		conn, err := net.Dial("unix", r.client.Socket)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, half); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.client.Stats(t.Context()); err != nil {
		t.Error(err)
	}
	if err := r.end(); err != nil {
		t.Errorf("they kept it from ending: %v", err)
	}
}

func TestThereAreNoMoreConnectionsThanAllowed(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	arrived, release := make(chan struct{}, 2*maxConns), make(chan struct{})
	f := &fake{before: func(ctx context.Context) error {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		arrived <- struct{}{}
		<-release
		mu.Lock()
		defer mu.Unlock()
		now--
		return nil
	}}
	r := serve(t, f)
	var all sync.WaitGroup
	for range maxConns + 10 {
		all.Go(func() {
			if _, err := r.client.Stats(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	for range maxConns {
		await(t, arrived)
	}
	close(release)
	all.Wait()
	if most != maxConns {
		t.Errorf("got %d at once, want %d", most, maxConns)
	}
}

func TestServeEndsWhatIsUnderWay(t *testing.T) {
	began := make(chan struct{}, 2)
	f := &fake{events: make(chan Event), before: func(ctx context.Context) error {
		began <- struct{}{}
		if _, call := ctx.Deadline(); call {
			<-ctx.Done()
		}
		return ctx.Err()
	}}
	r := serve(t, f)
	failed := make(chan error, 1)
	go func() {
		_, err := r.client.Stats(context.Background())
		failed <- err
	}()
	w, err := r.client.Watch(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	await(t, began)
	await(t, began)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil {
		t.Error("the call was done")
	}
	if _, err := w.Next(); !errors.As(err, new(*NoDaemonError)) {
		t.Errorf("the watcher got %v", err)
	}
	if _, err := os.Lstat(r.client.Socket); err == nil {
		t.Error("the socket is still there")
	}
}

func TestEveryChangeIsARecordOfWhoWhatAndOutcome(t *testing.T) {
	const secret = "nobody reads this in a log"
	done := []Outcome{{Who: "LEO", ID: 17, Name: "leo"}, {Who: "x\nlevel=ERROR", Error: Errorf(CodeNoMember, "nobody")}}
	for _, test := range []struct {
		method, path, body string
		err                error
		want               string
	}{
		{"POST", "/v1/kick", `{"who":["LEO","x\nlevel=ERROR"],"for":"10m","address":true,"reason":"too much\ncake"}`, nil,
			`action=kick uid=U pid=P who="LEO, x level=ERROR" for=10m0s address=true reason="too much cake" outcome="LEO: done (#17 leo), x level=ERROR: no_such_member"`},
		{"POST", "/v1/kick", `{"all":true}`, Errorf(CodeRefused, "no"), `action=kick uid=U pid=P all=true outcome=refused`},
		{"POST", "/v1/kick", `{"who":[]}`, nil, `action=kick uid=U pid=P who="" outcome=bad_request`},
		{"POST", "/v1/unban", `{"who":["leo"]}`, errors.New("disk\u202efull"), `action=unban uid=U pid=P who=leo outcome=diskfull`},
		{"POST", "/v1/mute", `{"who":["leo"],"reason":"shh"}`, Errorf(CodeTimeout, ""), `action=mute uid=U pid=P who=leo reason=shh outcome=timeout`},
		{"POST", "/v1/unmute", `{"who":["leo"]}`, Errorf(CodeNoMember, ""), `action=unmute uid=U pid=P who=leo outcome=no_such_member`},
		{"POST", "/v1/broadcast", `{"text":"` + secret + `"}`, nil, `action=broadcast uid=U pid=P outcome=done`},
		{"POST", "/v1/tell", `{"who":"leo","text":"` + secret + `"}`, nil, `action=tell uid=U pid=P who=leo outcome=done`},
		{"POST", "/v1/plugins/names/disable", "", nil, `action="plugin disable" uid=U pid=P plugin=names outcome=done`},
		{"POST", "/v1/reload", `{"dry_run":true}`, nil, `action=reload uid=U pid=P dry_run=true outcome=done`},
		{"POST", "/v1/shutdown", `{"in":60}`, nil, `action=shutdown uid=U pid=P in=1m0s outcome=done`},
		{"DELETE", "/v1/shutdown", "", nil, `action="cancel shutdown" uid=U pid=P outcome=done`},
		{"GET", "/v1/events?messages=true", "", Errorf(CodeRefused, "no"), `action="watch messages" uid=U pid=P outcome=refused`},
		{"GET", "/v1/events", "", Errorf(CodeRefused, "no"), ""},
		{"GET", "/v1/members", "", nil, ""},
		{"GET", "/v1/stats", "", nil, ""},
		{"GET", "/metrics", "", nil, ""},
	} {
		r := serve(t, &fake{outcomes: done, err: test.err})
		r.send(test.method, test.path, test.body)
		if err := r.end(); err != nil {
			t.Error(err)
		}
		log := r.log.String()
		want := test.want
		if want != "" {
			want = "level=INFO msg=admin " + strings.NewReplacer("=U", fmt.Sprintf("=%d", os.Geteuid()), "=P", fmt.Sprintf("=%d", os.Getpid())).Replace(want) + "\n"
		}
		if _, got, _ := strings.Cut(log, " "); got != want {
			t.Errorf("%s %s:\n got %s\nwant %s", test.method, test.path, got, want)
		}
		if strings.Contains(log, secret) {
			t.Errorf("%s: the log has what was written", test.path)
		}
	}
}

// Text is raw in JSON, and written so that a terminal shows it as what it is.
func TestAnAnswerIsSafeForATerminal(t *testing.T) {
	evil := "\u009b2J\x1b]52;c;aGk=\a\u202e\u200b\U000e0041\x7fZ" + strings.Repeat("\u0316", 20)
	f := &fake{members: []Member{{Name: evil}}, err: nil}
	r := serve(t, f)
	_, body := r.send("GET", "/v1/members", "")
	if regexp.MustCompile(`[^ -~\n]`).MatchString(body) {
		t.Errorf("got %q", body)
	}
	members, err := r.client.Members(t.Context())
	if err != nil || len(members) != 1 || members[0].Name != evil {
		t.Errorf("got %+v, %v", members, err)
	}
}

func TestWatchIsALineForEachEvent(t *testing.T) {
	f := &fake{events: make(chan Event)}
	r := serve(t, f)
	conn, err := net.Dial("unix", r.client.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /v1/events?messages=true HTTP/1.0\r\n\r\n")
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\r\n" {
			break
		}
	}
	for i, e := range []Event{{Kind: EventJoined, Name: "leo", ID: 17}, {Kind: EventMessage, Text: "a\nb\u202e", Lost: 3}} {
		f.events <- e
		line, err := lines.ReadString('\n')
		var got Event
		if err := errors.Join(err, json.Unmarshal([]byte(line), &got)); err != nil || got != e {
			t.Errorf("%d: got %q, %v", i, line, err)
		}
	}
	if got := fmt.Sprint(f.requests()); got != "[watch true]" {
		t.Errorf("it was asked %s", got)
	}
	close(f.events)
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("then came %q, %v", rest, err)
	}
}

func TestAWatcherThatGoesAwayEndsItsWatch(t *testing.T) {
	ended := make(chan struct{})
	f := &fake{events: make(chan Event), before: func(ctx context.Context) error {
		context.AfterFunc(ctx, func() { close(ended) })
		return nil
	}}
	w, err := serve(t, f).client.Watch(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	await(t, ended)
}

func TestTooManyWatchersAreRefusedAndOthersServed(t *testing.T) {
	f := &fake{events: make(chan Event)}
	r := serve(t, f)
	var watchers []*Watcher
	for range maxWatchers {
		w, err := r.client.Watch(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		watchers = append(watchers, w)
	}
	if _, err := r.client.Watch(t.Context(), false); !hasCode(err, CodeRefused) {
		t.Errorf("one more: got %v", err)
	}
	if _, err := r.client.Stats(t.Context()); err != nil {
		t.Error(err)
	}
	for _, w := range watchers {
		w.Close()
	}
	// The places are free again once the server has seen them go.
	for deadline := time.Now().Add(watchdog); ; {
		w, err := r.client.Watch(t.Context(), false)
		if err == nil {
			w.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestARefusedWatchIsAnError(t *testing.T) {
	f := &fake{err: Errorf(CodeRefused, "admin.may_read is false")}
	if _, err := serve(t, f).client.Watch(t.Context(), true); !hasCode(err, CodeRefused) || err.Error() != "admin.may_read is false" {
		t.Errorf("got %v", err)
	}
}

func hasCode(err error, code Code) bool {
	e := (*Error)(nil)
	return errors.As(err, &e) && e.Code == code
}

func await[T any](t *testing.T, c <-chan T) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(watchdog):
		t.Fatal("it did not happen")
	}
}
