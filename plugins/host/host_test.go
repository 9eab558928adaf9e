package host_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"famchat/daemon/hooks"
	"famchat/plugins"
	"famchat/plugins/host"
)

func TestPluginsAreAskedInOrder(t *testing.T) {
	r := start(t, behaving(t, "one", behaviour{Mark: "1", Names: true}), behaving(t, "two", behaviour{Mark: "2"}))
	for _, tt := range []struct{ text, want string }{
		{"x", `replace "x12"`}, {"drop", "drop"}, {"reject", `reject "no"`},
		// What the first one fails at is posted by its policy, and shown to the second.
		{"panic", `replace "panic2"`}, {"empty", `replace "empty2"`}, {"invalid", `replace "invalid2"`}, {"long", `replace "long2"`},
	} {
		if tt.text == "panic" || tt.text == "empty" || tt.text == "invalid" || tt.text == "long" {
			continue // both fail at these
		}
		if got := r.filter(tt.text); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.text, got, tt.want)
		}
	}
	if got, want := r.filter("a", "drop", "b"), `replace "a12", drop, replace "b12"`; got != want {
		t.Errorf("a batch: got %s, want %s", got, want)
	}
	if got, want := r.names("good", "bad"), `allow, reject "it is bad"`; got != want {
		t.Errorf("names: got %s, want %s", got, want)
	}
}

// A verdict that is none is a failure, for that one message: an open filter posts
// it as it is, a closed one hands it back, and a name is not taken.
func TestAFailureIsDecidedByThePolicy(t *testing.T) {
	open := behaving(t, "open", behaviour{Mark: "1", Names: true})
	closed := behaving(t, "closed", behaviour{Mark: "2"})
	closed.Closed = true
	for _, text := range []string{"panic", "empty", "invalid", "long"} {
		r := start(t, open)
		if got, want := r.filter("a", text, "b"), `replace "a1", allow, replace "b1"`; got != want {
			t.Errorf("open, %q: got %s, want %s", text, got, want)
		}
		if got, want := r.names("a", "panic", "b"), "allow, fail, allow"; got != want {
			t.Errorf("names: got %s, want %s", got, want)
		}
		r = start(t, closed)
		if got, want := r.filter("a", text), `replace "a2", fail "your message could not be checked by closed; try again in a moment"`; got != want {
			t.Errorf("closed, %q: got %s, want %s", text, got, want)
		}
	}
}

func TestABatchLargerThanACallGoesInSeveral(t *testing.T) {
	r := start(t, behaving(t, "one", behaviour{Mark: "!"}))
	texts := make([]string, 1000)
	var want []string
	for i := range texts {
		texts[i] = strconv.Itoa(i) + strings.Repeat(".", 4000)
		want = append(want, `replace "`+texts[i]+`!"`)
	}
	if got := r.filter(texts...); got != strings.Join(want, ", ") {
		t.Errorf("the verdicts are not those about a thousand messages, in order")
	}
	if s := r.Status()[0]; s.Calls < 1000*4000/(256<<10) {
		t.Errorf("%d calls were made for 4 MB", s.Calls)
	}
}

func TestKindsAreThoseThatAPluginWants(t *testing.T) {
	r := start(t, behaving(t, "one", behaviour{Mark: "1", Kinds: []plugins.Kind{plugins.Private}}))
	m := r.messages("x", "y")
	m[1].Kind = hooks.Private
	if got, want := short(r.FilterMessages(t.Context(), m)), `allow, replace "y1"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if o := r.Offers(); o.Public || !o.Private {
		t.Errorf("the daemon is told public %v, private %v", o.Public, o.Private)
	}
}

func TestAPluginDoesNotFilterWhatItsOwnCommandSaid(t *testing.T) {
	r := start(t, behaving(t, "one", behaviour{Mark: "1", Commands: []string{"one"}}), behaving(t, "two", behaviour{Mark: "2"}))
	m := r.messages("x")
	m[0].Command = "one"
	if got, want := short(r.FilterMessages(t.Context(), m)), `replace "x2"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEffectsNeedGrants(t *testing.T) {
	for _, tt := range []struct {
		grants  []string
		want    []hooks.EffectKind
		members string
	}{
		{nil, nil, "0 members"},
		{[]string{"say"}, []hooks.EffectKind{hooks.Say, hooks.Act}, "0 members"},
		{[]string{"act"}, []hooks.EffectKind{hooks.Act}, "0 members"},
		{[]string{"private", "members"}, []hooks.EffectKind{hooks.Whisper}, "1 members"},
		{[]string{"tell"}, []hooks.EffectKind{hooks.Tell, hooks.TellAll}, "0 members"},
	} {
		p := behaving(t, "one", behaviour{Commands: []string{"do"}})
		p.Grants = tt.grants
		r := start(t, p)
		for range 2 {
			result := r.run("do", "all", hooks.Member{ID: 1, Name: "anna"})
			var got []hooks.EffectKind
			for _, e := range result.Effects {
				got = append(got, e.Kind)
			}
			if !slices.Equal(got, tt.want) || result.Reply != tt.members {
				t.Errorf("granted %v: got %v and %q, want %v and %q", tt.grants, got, result.Reply, tt.want, tt.members)
			}
		}
		if n := r.Status()[0].Ungranted; n != 2*int64(5-len(tt.want)) {
			t.Errorf("granted %v: %d effects were counted as not granted", tt.grants, n)
		}
		if n, most := strings.Count(r.log.String(), "may not do"), 5-len(tt.want); n > most {
			t.Errorf("granted %v: it was logged %d times", tt.grants, n)
		}
	}
}

func TestACommandThatFailsIsAnErrorForItsCaller(t *testing.T) {
	p := behaving(t, "one", behaviour{Commands: []string{"do"}})
	p.CommandTimeout = 300 * time.Millisecond
	r := start(t, p)
	for _, tt := range []struct{ command, args, want string }{
		{"do", "", "no"},
		{"do", "panic", "/do failed: the plugin one failed"},
		{"do", "wait", "/do failed: it took too long"},
		{"do", "long", "/do failed: the plugin one failed"},
		{"do", "kill", "/do failed: the plugin one crashed"},
		{"other", "", "/other is not there any more"},
	} {
		if got := r.run(tt.command, tt.args).Failed; got != tt.want {
			t.Errorf("/%s %s: got %q, want %q", tt.command, tt.args, got, tt.want)
		}
	}
	eventually(t, "it runs again", func() bool { return r.run("do", "").Failed == "no" })
	if s := r.Status()[0]; s.Crashes != 1 || s.Restarts != 1 {
		t.Errorf("got %d crashes and %d restarts, want one of each", s.Crashes, s.Restarts)
	}
}

func TestAPluginKnowsWhatAboutMayTell(t *testing.T) {
	r := start(t, behaving(t, "one", behaviour{Mark: "1", Commands: []string{"do"}}),
		behaving(t, "two", behaviour{Mark: "1", Kinds: []plugins.Kind{plugins.Public}}), behaving(t, "three", behaviour{Names: true}))
	got := r.run("do", "about").Reply
	if want := "test [{one 1.2.3 true true false} {two 1.2.3 true false false} {three 1.2.3 false false false}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEventsAreTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events")
	r := start(t, behaving(t, "one", behaviour{Observe: file, Kinds: []plugins.Kind{plugins.Public}}))
	anna := hooks.Member{ID: 1, Name: "anna"}
	r.Observe(t.Context(), []hooks.Event{{Kind: hooks.Joined, Member: anna}, {Kind: hooks.Posted, Message: r.messages("hello")[0]}})
	secret := r.messages("secret")[0]
	secret.Kind = hooks.Private
	r.Observe(t.Context(), []hooks.Event{{Kind: hooks.Posted, Message: secret}, {Kind: hooks.Left, Member: anna}})
	want := "1 anna \n3  hello\n2 anna \n"
	eventually(t, "the events arrive", func() bool { b, _ := os.ReadFile(file); return len(b) >= len(want) })
	if b, _ := os.ReadFile(file); string(b) != want {
		t.Errorf("got %q, want %q", b, want)
	}
}

// What a plugin is given: nothing of the daemon's environment but what is named,
// and no descriptor of the daemon's.
func TestNothingLeaksIntoAPlugin(t *testing.T) {
	t.Setenv("FAMCHAT_TEST_SECRET", "secret")
	t.Setenv("FAMCHAT_TEST_GIVEN", "given")
	// A descriptor as a careless parent leaves it open for us.
	fd, err := syscall.Open("/etc/passwd", syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	p := behaving(t, "one", behaviour{Commands: []string{"do"}})
	p.Env = append(p.Env, "FAMCHAT_TEST_GIVEN")
	r := start(t, p)
	env := r.run("do", "environment").Reply
	if strings.Contains(env, "SECRET") || strings.Contains(env, "PATH=") || !strings.Contains(env, "FAMCHAT_TEST_GIVEN=given") {
		t.Errorf("the plugin's environment is %s", env)
	}
	ours := map[string]bool{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + e.Name())
		ours[target] = true
	}
	shared := 0
	for _, target := range strings.Split(r.run("do", "descriptors").Reply, "\n") {
		// Its own ends of the three pipes to us; what is not unique by name says nothing.
		switch {
		case !ours[target] || target == "" || strings.HasPrefix(target, "anon_inode:") || target == "/dev/null" || strings.HasPrefix(target, "/sys/"):
		case strings.HasPrefix(target, "pipe:"):
			shared++
		default:
			t.Errorf("the plugin has %s open, as we have", target)
		}
	}
	if shared > 3 {
		t.Errorf("the plugin has %d of our pipes open, want 3: %s", shared, r.run("do", "descriptors").Reply)
	}
}

// Who looks at the processes of the machine sees the plugin's name.
func TestAProcessHasItsPluginsName(t *testing.T) {
	r := start(t, behaving(t, "swear-jar", behaviour{Mark: "1"}))
	pid := r.Status()[0].PID
	got, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		t.Skip("this system does not say:", err)
	}
	if string(got) != "swear-jar\n" {
		t.Errorf("the process is called %q", got)
	}
}

// Whoever types a command that may do nothing reads why.
func TestACommandWithoutItsGrantSaysSo(t *testing.T) {
	r := start(t, behaving(t, "one", behaviour{Commands: []string{"do"}}))
	if got, want := r.run("do", "act").Failed, "/do failed: the plugin one may not do that here, for want of the grant act"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatDoesNotStartIsSaid(t *testing.T) {
	good := func() host.Plugin { return behaving(t, "one", behaviour{Mark: "1"}) }
	for name, tt := range map[string]struct {
		change func(*host.Plugin)
		raw    string
		key    string
		want   string
	}{
		"no such file":      {func(p *host.Plugin) { p.Path = "/nowhere/x" }, "", "plugins[0].path", "there is no such file: looked for /nowhere/x"},
		"a folder":          {func(p *host.Plugin) { p.Path = "/usr" }, "", "plugins[0].path", "is a folder; name the program in it"},
		"not executable":    {func(p *host.Plugin) { p.Path = "/etc/passwd" }, "", "plugins[0].path", "is not executable"},
		"not found by name": {func(p *host.Plugin) { p.Path, p.Name = "", "nobody-has-this" }, "", "plugins[0].name", "looked for"},
		"unknown key":       {func(p *host.Plugin) { p.ConfigJSON = []byte(`{"marc": "x"}`) }, "", "plugins[0].config", `unknown key "marc"; did you mean mark?; there are commands,`},
		"wrong hash":        {func(p *host.Plugin) { p.SHA256 = strings.Repeat("0", 64) }, "", "plugins[0].path", "and sha256: wants 0000"},
		"crashes":           {func(p *host.Plugin) { p.ConfigJSON = []byte(`{"crash": true}`) }, "", "plugins[0]", "it ended while it was made (exit status 3; the last it said: no word list)"},
		"nonsense":          {nil, "nonsense", "plugins[0]", "it does not speak as a plugin does"},
		"exits":             {nil, "exits", "plugins[0]", "it does not speak as a plugin does"},
		"ignores mTLS":      {nil, "good", "plugins[0]", "mtls: false"},
		"odd version":       {func(p *host.Plugin) { p.NoMTLS = true }, "version", "plugins[0]", "its version is not a short text"},
		"odd hook":          {func(p *host.Plugin) { p.NoMTLS = true }, "hook", "plugins[0]", "a hook that this version does not know"},
		"the daemon's":      {func(p *host.Plugin) { p.NoMTLS = true }, "command", "plugins[0]", "/quit, which is the daemon's own"},
		"odd help":          {func(p *host.Plugin) { p.NoMTLS = true }, "help", "plugins[0]", "the help of /x is not one line"},
		"bad name":          {func(p *host.Plugin) { p.Name = "A B" }, "", "plugins[0].name", `found "A B"`},
		"bad grant":         {func(p *host.Plugin) { p.Grants = []string{"fly"} }, "", "plugins[0].grants", `found "fly"`},
		"bad env":           {func(p *host.Plugin) { p.Env = []string{"A=b"} }, "", "plugins[0].env", `found "A=b"`},
		"bad hash":          {func(p *host.Plugin) { p.SHA256 = "x" }, "", "plugins[0].sha256", "64 hexadecimal digits"},
	} {
		t.Run(name, func(t *testing.T) {
			p := good()
			if tt.raw != "" {
				t.Setenv("FAMCHAT_TEST_RAW", tt.raw)
				p.Env = append(p.Env, "FAMCHAT_TEST_RAW")
			}
			if tt.change != nil {
				tt.change(&p)
			}
			_, err := tryStart(t, p)
			var wrong *host.Error
			if !errors.As(err, &wrong) || wrong.Key != tt.key || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s: …%s", err, tt.key, tt.want)
			}
		})
	}
}

func TestTwoPluginsMustNotOfferOneCommand(t *testing.T) {
	_, err := tryStart(t, behaving(t, "one", behaviour{Commands: []string{"do"}}), behaving(t, "two", behaviour{Commands: []string{"do"}}))
	if want := "plugins[1].name: plugin two: it offers /do, and so does plugin one; leave one of them out"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A file that others may write, or in a folder that they may write, is refused.
func TestAFileThatOthersMayWriteIsRefused(t *testing.T) {
	copied := func(t *testing.T) (folder, file string) {
		folder = t.TempDir()
		file = filepath.Join(folder, "plugin")
		b, err := os.ReadFile(self(t))
		if err == nil {
			err = os.WriteFile(file, b, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		return folder, file
	}
	for name, spoil := range map[string]func(folder, file string) error{
		"file":   func(_, file string) error { return os.Chmod(file, 0o757) },
		"folder": func(folder, _ string) error { return os.Chmod(folder, 0o757) },
	} {
		t.Run(name, func(t *testing.T) {
			folder, file := copied(t)
			p := behaving(t, "one", behaviour{Mark: "1"})
			link := filepath.Join(t.TempDir(), "link") // links are followed
			if err := os.Symlink(file, link); err != nil {
				t.Fatal(err)
			}
			p.Path = link
			if err := spoil(folder, file); err != nil {
				t.Fatal(err)
			}
			if _, err := tryStart(t, p); err == nil || !strings.Contains(err.Error(), "may be written to by everybody") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	r, err := tryStart(t, behaving(t, "one", behaviour{Mark: "1"}), behaving(t, "two", behaviour{Fork: true, Mark: "2"}))
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, s := range r.Status() {
		pids = append(pids, s.PID)
	}
	r.Close()
	for _, pid := range pids {
		if groupLives(pid) {
			t.Errorf("of the plugin %d something is left", pid)
		}
	}
	if got, want := r.filter("x"), "allow"; got != want {
		t.Errorf("after Close: got %s, want %s", got, want)
	}
	if err := r.Reload(t.Context(), nil); !errors.Is(err, host.ErrClosed) {
		t.Errorf("a reload after Close: got %v", err)
	}
}
