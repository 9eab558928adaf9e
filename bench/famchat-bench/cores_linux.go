package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cores are where everything runs. They are the same one where there is only one.
type cores struct {
	server    int
	generator int
}

// pickCores takes the first two cores that this process may use.
func pickCores() (cores, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return cores{}, fmt.Errorf("reading the CPU affinity: %w", err)
	}
	var found []int
	for core := 0; len(found) < min(2, set.Count()); core++ {
		if set.IsSet(core) {
			found = append(found, core)
		}
	}
	return cores{server: found[0], generator: found[len(found)-1]}, nil
}

func oneCore(core int) *unix.CPUSet {
	var set unix.CPUSet
	set.Set(core)
	return &set
}

// pinProcess keeps all threads of this process on one core; threads to come
// inherit that. It returns how to undo it.
func pinProcess(core int) (undo func() error, err error) {
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, fmt.Errorf("reading the CPU affinity: %w", err)
	}
	undo = func() error { return setAffinity(&before) }
	return undo, setAffinity(oneCore(core))
}

// setAffinity sets the affinity of all threads, twice: one that was just being
// started by a thread not yet seen has inherited the old one.
func setAffinity(set *unix.CPUSet) error {
	for range 2 {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("listing the threads: %w", err)
		}
		for _, thread := range threads {
			id, err := strconv.Atoi(thread.Name())
			if err != nil {
				return fmt.Errorf("listing the threads: %w", err)
			}
			if err := unix.SchedSetaffinity(id, set); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("pinning thread %d: %w", id, err)
			}
		}
	}
	return nil
}

// processCPU returns the CPU time that a process has used, user and system, to
// the nanosecond: its clock as clock_getcpuclockid(3) makes it.
func processCPU(pid int) (time.Duration, error) {
	const cpuClockSched = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|cpuClockSched), &t); err != nil {
		return 0, fmt.Errorf("reading the CPU time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// processRSS returns the resident memory of a process in bytes, counted page by
// page (VmRSS of status is an estimate).
func processRSS(pid int) (int64, error) {
	path := fmt.Sprintf("/proc/%d/smaps_rollup", pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("reading the memory of a process: %w", err)
	}
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == "Rss:" {
			kib, err := strconv.ParseInt(string(fields[1]), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("reading %s: %w", path, err)
			}
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("reading %s: no line Rss", path)
}
