package host

import (
	"os/exec"
	"runtime"
)

// spawner starts processes, all from one thread that lives as long as it does: the
// signal that ends a plugin with its host is sent when the thread ends that
// started it.
type spawner struct{ jobs chan func() }

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

// start starts cmd.
func (s *spawner) start(cmd *exec.Cmd) error {
	done := make(chan error)
	s.jobs <- func() {
		keepDescriptors()
		done <- cmd.Start()
	}
	return <-done
}

// close ends the thread, and by that what it started and is still there.
func (s *spawner) close() { close(s.jobs) }
