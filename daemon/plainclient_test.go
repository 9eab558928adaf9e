package daemon_test

import (
	"bytes"
	"net"
	"os/exec"
	"strings"
	"testing"
)

// A client of twenty lines that knows nothing but the wire takes part.
func TestPlainClientsTakePart(t *testing.T) {
	for _, client := range [][]string{{"python3", "testdata/plain.py"}, {"perl", "testdata/plain.pl"}} {
		t.Run(client[0], func(t *testing.T) {
			if _, err := exec.LookPath(client[0]); err != nil {
				t.Skipf("SKIPPED: there is no %s to run %s", client[0], client[1])
			}
			s := start(t, withoutRates())
			mum := s.join("mum")
			host, port, _ := net.SplitHostPort(s.Addr().String())
			cmd := exec.CommandContext(t.Context(), client[0], client[1], host, port)
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			say := func(line string) {
				if _, err := in.Write([]byte(line + "\n")); err != nil {
					t.Fatal(err)
				}
			}
			say("anna")
			mum.wait("* anna joined\n")
			say("grüß euch")
			mum.wait("  anna: grüß euch\n")
			say("@mum psst")
			mum.wait("~ anna -> you: psst\n")
			mum.say("hello anna")
			mum.wait("you: hello anna")
			in.Close()
			mum.wait("* anna left\n")
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, errs.String())
			}
			for _, want := range []string{"Famchat\n", "you: grüß euch\n> ", "~ you -> mum: psst\n> ", "@ mum: hello anna\n\a> ", "you left. Bye!\n"} {
				if !strings.Contains(plain(out.String()), want) {
					t.Errorf("it printed %q, without %q", out.String(), want)
				}
			}
		})
	}
}
