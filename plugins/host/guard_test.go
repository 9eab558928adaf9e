package host

import (
	"log/slog"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// sleeper is a process in a group of its own; it tells when it has ended.
func sleeper(t *testing.T, env ...string) (pid int, ended <-chan error) {
	t.Helper()
	cmd := exec.Command("/bin/sleep", "1000")
	cmd.Env = env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd.Process.Pid, done
}

// await waits for the end of a sleeper.
func await(t *testing.T, who string, ended <-chan error) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Errorf("%s was not ended", who)
	}
}

func TestTheGuardEndsWhatIsLeftAndNothingElse(t *testing.T) {
	g := newGuard("FAMCHAT_PLUGIN_HOST=guard test", slog.New(slog.DiscardHandler))
	left, leftEnded := sleeper(t)
	over, overEnded := sleeper(t)
	_, escapedEnded := sleeper(t, "FAMCHAT_PLUGIN_HOST=guard test")
	_, otherEnded := sleeper(t, "FAMCHAT_PLUGIN_HOST=guard test 2")
	g.begins(left)
	g.begins(over)
	g.ends(over) // its number may be somebody else's by now
	g.close()
	await(t, "a group that was there", leftEnded)
	await(t, "who has left its group", escapedEnded)
	for name, ended := range map[string]<-chan error{"a group that had ended": overEnded, "another host's": otherEnded} {
		select {
		case <-ended:
			t.Errorf("%s was killed", name)
		default:
		}
	}
}

func TestAGuardThatWasEndedIsReplaced(t *testing.T) {
	g := newGuard("FAMCHAT_PLUGIN_HOST=replaced guard", slog.New(slog.DiscardHandler))
	first, firstEnded := sleeper(t)
	g.begins(first)
	_ = g.cmd.Process.Kill()
	awaitEnd(g.cmd.Process.Pid)
	second, secondEnded := sleeper(t)
	g.begins(second)
	g.close()
	await(t, "the first", firstEnded)
	await(t, "the second", secondEnded)
}
