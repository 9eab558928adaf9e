package admin

import (
	"os/exec"
	"strings"
	"testing"
)

// FuzzRequests reads anything as each of the requests: it is one, or a sentence says why not.
func FuzzRequests(f *testing.F) {
	for _, seed := range []string{
		`{"who":["leo"],"for":"10m","address":true,"reason":"x"}`, `{"text":"x"}`, `{"in":60}`, `{"dry_run":true}`, `{"all":true,"for":1e400}`,
		`{"who":null}`, `null`, `[]`, `{`, `{"who":[""]}`, "{\"who\":[\"\xff\u202e\"]}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, check := range []func() error{
			readAs[KickRequest](body), readAs[MuteRequest](body), readAs[WhoRequest](body), readAs[TextRequest](body),
			readAs[TellRequest](body), readAs[ReloadRequest](body), readAs[ShutdownRequest](body), readAs[nothing](body),
		} {
			err := check()
			if err != nil && (!hasCode(err, CodeBadRequest) || err.Error() == "" || strings.Contains(err.Error(), "admin.")) {
				t.Errorf("%q: got %v", body, err)
			}
		}
	})
}

// readAs reads a body as a request, as a call does.
func readAs[R request](body []byte) func() error {
	return func() error {
		var r R
		if err := decode(body, &r); err != nil {
			return err
		}
		r.about()
		return r.check()
	}
}

func TestAdminKnowsNoDaemon(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "famchat/admin/famchat-admin").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	for _, dep := range deps {
		if strings.HasPrefix(dep, "famchat/daemon") || strings.HasPrefix(dep, "famchat/plugins") || strings.HasPrefix(dep, "famchat/client") {
			t.Errorf("it links %s", dep)
		}
	}
	if len(deps) < 50 {
		t.Errorf("got only %v", deps)
	}
}
