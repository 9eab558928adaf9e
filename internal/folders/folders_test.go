package folders

import (
	"fmt"
	"os"
	"testing"
)

func TestSocketsAreWhereTheDaemonOfThisUserIs(t *testing.T) {
	mine := t.TempDir()
	me := os.Geteuid()
	other := me + 1
	for _, test := range []struct {
		name, service string
		uid           int
		runtime       string
		want          string
	}{
		{"root", "/run/famchat", 0, "/run/user/0", "/run/famchat"},
		{"the service's user", mine, me, "/run/user/7", mine},
		{"somebody else", mine, other, "/run/user/7", "/run/user/7/famchat"},
		{"no service", mine + "/none", other, "/run/user/7", "/run/user/7/famchat"},
		{"no session", mine + "/none", other, "", fmt.Sprintf("/tmp/famchat-%d", other)},
		{"not absolute", mine + "/none", other, "run", fmt.Sprintf("/tmp/famchat-%d", other)},
	} {
		if got := runtimeOf(test.service, test.uid, test.runtime, "/tmp"); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestStateIsWhereTheSystemHasAPlaceForIt(t *testing.T) {
	for _, test := range []struct{ state, home, want string }{
		{"", "/home/anna", "/home/anna/.local/state/famchat"},
		{"/var/state", "/home/anna", "/var/state/famchat"},
		{"relative", "/home/anna", "/home/anna/.local/state/famchat"},
		{"/var/state", "", "/var/state/famchat"},
		{"", "", ""},
		{"", "relative", ""},
	} {
		getenv := func(name string) string {
			return map[string]string{"XDG_STATE_HOME": test.state, "HOME": test.home}[name]
		}
		if got, err := State(getenv); got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("XDG_STATE_HOME=%s HOME=%s: got %q, %v; want %q", test.state, test.home, got, err, test.want)
		}
	}
}
