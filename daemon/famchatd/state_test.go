package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"famchat/daemon"
)

// folder is the state folder that places name.
func folder(places string) string {
	_, dir, _ := strings.Cut(places, "\nstate: ")
	return strings.TrimSpace(dir)
}

// refuses runs famchatd with settings that it is to refuse with exit 2.
func refuses(t *testing.T, settings string) string {
	t.Helper()
	cmd := exec.Command(binary, "-c", write(t, "listen: 127.0.0.1:0\nplugins: []\n"+settings))
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 2 {
		t.Errorf("exit %d: %s", code, out)
	}
	return string(out)
}

func TestBansAndMutesOutliveAKill(t *testing.T) {
	const settings = "listen: 127.0.0.1:0\nplugins: []\n"
	// As long as a reason may be once it is safe to show, and longer in the file.
	hostile := strings.Repeat(`\u001b<\u2028\"`, 80)
	at := places(t)
	p := launch(t, at, settings)
	leo, anna, dad := p.join("leo"), p.join("anna"), p.join("dad")
	p.wants("/v1/kick", `{"who": ["leo"], "for": "1h", "reason": "`+hostile+`"}`, 200, `^{"outcomes":\[{"who":"leo","id":1,"name":"leo"}]}$`)
	p.wants("/v1/mute", `{"who": ["anna"]}`, 200, `"name":"anna"}`)
	p.wants("/v1/mute", `{"who": ["dad"], "for": 600}`, 200, `"name":"dad"}`)
	leo.wait("you were removed")
	anna.wait("! you are muted. What")
	dad.wait("! you are muted for 10 minutes. What")
	p.signal(syscall.SIGKILL)
	p.exit()
	info, err := os.Stat(filepath.Join(folder(at), stateName))
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("got %v, %v", info, err)
	}

	for range 2 { // and a stop that is none in a hurry
		p = launch(t, at, settings)
		leo = p.connect()
		leo.say("leo")
		leo.wait(`: ` + strings.Repeat(`␛< "`, 80))
		anna, dad = p.join("anna"), p.join("dad")
		anna.wait("! you are muted. What")
		dad.wait("! you are muted for ")
		p.signal(syscall.SIGTERM)
		if code := p.exit(); code != 0 {
			t.Errorf("exit %d", code)
		}
	}
	p = launch(t, at, settings)
	p.wants("/v1/unban", `{"who": ["leo"]}`, 200, `^{"outcomes":\[{"who":"leo","name":"leo"}]}$`)
	p.signal(syscall.SIGKILL)
	p.exit()
	launch(t, at, settings).join("leo")
}

func TestAStateFileThatIsBrokenIsNeverDropped(t *testing.T) {
	for _, test := range []struct{ text, why string }{
		{"", "it is broken: EOF"},
		{`{"version": 1, "bans": [`, "it is broken: unexpected EOF"},
		{`{"version": 1, "bans": []} x`, "it is broken: something follows its end"},
		{`{"version": 2}`, "its version is 2, and this famchatd knows version 1"},
		{`{"bans": []}`, "its version is 0"},
		{`{"version": 1, "ban": []}`, `it is broken: json: unknown field "ban"`},
		{`{"version": 1, "bans": [{"name": "leo"}]}`, "bans[0]: a ban needs an end"},
		{`{"version": 1, "bans": [{"address": "127.0.0.1", "until": "2030-01-01T00:00:00Z"}]}`, `bans[0]: "127.0.0.1" is not the IP address of another machine`},
		{`{"version": 1, "mutes": [{"name": "x y"}]}`, `mutes[0]: "x y" is no name`},
	} {
		at := places(t)
		path := filepath.Join(folder(at), stateName)
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got := refuses(t, at)
		for _, want := range []string{"famchatd: state: " + path + " cannot be read: ", test.why, "mend it, or move it away to start without"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: printed %q, want %q", test.text, got, want)
			}
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != test.text {
			t.Errorf("%s: it is %q, %v now", test.text, after, err)
		}
		out, _ := exec.Command(binary, "--check", "-c", write(t, "plugins: []\n"+at)).CombinedOutput()
		if !strings.Contains(string(out), test.why) {
			t.Errorf("%s: --check printed %q", test.text, out)
		}
	}
	at := places(t)
	if err := os.Symlink("/dev/null", filepath.Join(folder(at), stateName)); err != nil {
		t.Fatal(err)
	}
	if got := refuses(t, at); !strings.Contains(got, "cannot be read") {
		t.Errorf("a link: printed %q", got)
	}
}

// As on a disk that is full: the file stays as it was, the ban holds, and whoever made
// it learns that it will not outlive the daemon.
func TestABanThatCannotBeWrittenHoldsAndIsTold(t *testing.T) {
	at := places(t)
	p := launch(t, at, "listen: 127.0.0.1:0\nplugins: []\n")
	p.join("leo")
	p.join("anna")
	p.wants("/v1/kick", `{"who": ["leo"], "for": "1h"}`, 200, `"name":"leo"}`)
	path := filepath.Join(folder(at), stateName)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A folder that is not empty is not removed, and keeps the file from being made.
	if err := os.MkdirAll(filepath.Join(folder(at), stateNew, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.wants("/v1/kick", `{"who": ["anna", "nobody"], "for": "1h"}`, 200, `"name":"anna","error":{"code":"internal","message":"anna: done, and it holds until the daemon ends; it could not be written to the state folder, to outlive that: .*"no_such_member"`)
	p.logged(has("level=ERROR", "could not be written"))
	anna := p.connect()
	anna.say("anna")
	anna.wait(`"anna" is kept out for `)
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file is %s, %v; it was %s", after, err, before)
	}
}

func TestASecondDaemonIsRefused(t *testing.T) {
	p := start(t, "")
	other := places(t)
	admin, state, _ := strings.Cut(p.places, "\n")
	otherAdmin, otherState, _ := strings.Cut(other, "\n")
	for _, test := range []struct{ settings, want string }{
		{p.places, "state: another famchatd has the folder " + folder(p.places) + "; stop that one, or name another folder as state in famchat.yaml\n"},
		{otherAdmin + "\n" + state, "state: another famchatd has the folder "},
		{admin + "\n" + otherState, "another famchatd has the admin socket " + p.socket() + " already; stop that one, or give this one another admin.socket\n"},
	} {
		if got := refuses(t, test.settings); !strings.Contains(got, test.want) {
			t.Errorf("printed %q, want %q", got, test.want)
		}
	}
	p.wants("/v1/stats", "", 200, `"members":0`)
}

func TestWithoutAnAdminSocketOrAStateFolderItDoesNotStart(t *testing.T) {
	at := places(t)
	file := filepath.Join(folder(at), "a.sock")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := refuses(t, at); !strings.Contains(got, file+", is something else; it is left alone") {
		t.Errorf("a file at the socket's place: printed %q", got)
	}
	if b, err := os.ReadFile(file); string(b) != "mine" {
		t.Errorf("it is %q now, %v", b, err)
	}
	if got := refuses(t, "state: "+file+"\n"); !strings.Contains(got, "famchatd: state: the folder of the daemon's state: ") {
		t.Errorf("a file in place of the folder: printed %q", got)
	}
	open := filepath.Join(folder(at), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := refuses(t, "state: "+open+"\n"); !strings.Contains(got, open+" is not a folder that only the daemon's user may write to") {
		t.Errorf("a folder that all may write to: printed %q", got)
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	s, saved, err := openState(dir)
	if err != nil || len(saved.bans)+len(saved.mutes) != 0 {
		t.Fatalf("got %+v, %v", saved, err)
	}
	defer s.close()
	at := time.Date(2026, 11, 24, 21, 3, 4, 5, time.UTC)
	want := sanctions{
		bans: []daemon.Ban{
			{Name: "نيتا", Since: at, Until: at.Add(time.Hour), Reason: "<\u2028&> \"x\""},
			{Address: "2001:db8::7", Since: at, Until: at.Add(2 * time.Hour)},
		},
		mutes: []daemon.Mute{{Name: "leo", Since: at, Until: at.Add(time.Hour)}, {Name: "anna", Since: at, Reason: "still"}},
	}
	// What a daemon that was killed left behind is in nobody's way.
	if err := os.WriteFile(filepath.Join(dir, stateNew), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.save(func() (sanctions, error) { return want, nil }); err != nil {
		t.Fatal(err)
	}
	got, err := readState(dir)
	if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 1 {
		t.Errorf("there are %v", files)
	}
}

// What is read is what is written again, whatever the file holds.
func FuzzStateFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"bans":[{"name":"leo","since":"2026-11-24T21:03:04.000000005Z","until":"2026-11-24T22:03:04Z","reason":"enough"}],"mutes":[]}`))
	f.Add([]byte(`{"version":1,"bans":[{"address":"2001:db8::7","since":"2026-11-24T21:03:04+01:00","until":"9998-12-31T00:00:00Z"}],"mutes":[{"name":"anna","since":"0001-01-01T00:00:00Z"}]}`))
	f.Add([]byte(`{"version":1,"mutes":[{"name":"anna","since":"0000-01-01T00:00:00+01:00","until":"9999-12-31T23:59:59-01:00"}]}`))
	f.Add([]byte(`{"version":1,"bans":null,"mutes":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := parseState(data)
		if err != nil {
			return
		}
		for _, b := range read.bans {
			if (b.Name == "") == (b.Address == "") || len(b.Reason) > daemon.MaxReason {
				t.Errorf("it has the ban %+v", b)
			}
		}
		written, err := read.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseState(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if rewritten, _ := again.encode(); string(rewritten) != string(written) {
			t.Errorf("%s became %s", written, rewritten)
		}
	})
}

// Who never kept anybody out leaves nothing behind.
func TestNothingIsNotWritten(t *testing.T) {
	dir := t.TempDir()
	s, _, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.save(func() (sanctions, error) { return sanctions{}, nil }); err != nil {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("there are %v", files)
	}
}

func TestDefaultStateFolder(t *testing.T) {
	for _, test := range []struct {
		uid  int
		env  map[string]string
		want string
	}{
		{0, nil, "/var/lib/famchat"},
		{0, map[string]string{"STATE_DIRECTORY": "/var/lib/x:/var/lib/y", "HOME": "/root"}, "/var/lib/x"},
		{1000, map[string]string{"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/famchat"},
		{1000, map[string]string{"XDG_STATE_HOME": "s", "HOME": "/h"}, "/h/.local/state/famchat"},
		{1000, nil, ""},
	} {
		if got := defaultStateFolder(test.uid, func(key string) string { return test.env[key] }); got != test.want {
			t.Errorf("%d, %v: got %q, want %q", test.uid, test.env, got, test.want)
		}
	}
}
