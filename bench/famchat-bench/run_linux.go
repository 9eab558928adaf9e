package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"famchat/bench/floor"
)

// bench is one run.
type bench struct {
	programs *programs
	plan     plan
	formats  map[bool]format // of the floor (true) and of the daemon
	report   report
	progress io.Writer
}

// run measures what the flags ask for and returns the exit code. The report goes
// to stdout, progress and errors to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage
	}
	r, err := runAll(ctx, o, stderr)
	if err == nil {
		write := r.writeText
		if o.json {
			write = r.writeJSON
		}
		err = write(stdout)
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted; all children are ended")
	}
	if err != nil {
		fmt.Fprintln(stderr, "famchat-bench:", err)
		return exitFailed
	}
	return exitOK
}

// runAll prepares everything, measures, and puts everything back.
func runAll(ctx context.Context, o options, progress io.Writer) (r *report, err error) {
	runtime.LockOSThread() // children are forked from this thread, see start
	defer runtime.UnlockOSThread()
	folder, err := os.MkdirTemp("", "famchat-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	program, err := floor.Build(ctx, folder)
	if err != nil {
		return nil, err
	}
	cores, err := pickCores()
	if err != nil {
		return nil, err
	}
	unpin, err := pinProcess(cores.generator)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unpin()) }()
	b := &bench{
		programs: &programs{floor: program, daemon: o.daemon, client: o.client, gomaxprocs: o.gomaxprocs, folder: folder, cores: cores},
		plan:     o.plan(), formats: map[bool]format{false: daemonFormat()}, progress: progress,
	}
	if err := b.measureAll(ctx, o.parts); err != nil {
		return nil, err
	}
	b.head(o)
	b.report.finish()
	return &b.report, nil
}

// measureAll checks that the servers do what is measured, then measures.
func (b *bench) measureAll(ctx context.Context, parts []string) error {
	// The daemon first: from it comes how long the floor's frames must be.
	for _, k := range []kind{{false, "epoll"}, {false, "poll"}, {true, "epoll"}, {true, "poll"}} {
		if err := b.verify(ctx, k); err != nil {
			return err
		}
	}
	for round := range b.plan.rounds {
		if slices.Contains(parts, partThroughput) {
			if err := b.throughputs(ctx, round); err != nil {
				return err
			}
		}
		if slices.Contains(parts, partLatency) {
			if err := b.latencies(ctx, round); err != nil {
				return err
			}
		}
		if slices.Contains(parts, partDisturbed) {
			if err := b.disturbances(ctx, round); err != nil {
				return err
			}
		}
		if slices.Contains(parts, partPlugins) {
			if err := b.plugins(ctx, round); err != nil {
				return err
			}
		}
		if slices.Contains(parts, partAdmin) {
			if err := b.admins(ctx, round); err != nil {
				return err
			}
		}
		if slices.Contains(parts, partTyping) {
			if err := b.typing(ctx, round); err != nil {
				return err
			}
		}
	}
	if slices.Contains(parts, partAdmin) {
		if err := b.lists(ctx); err != nil {
			return err
		}
	}
	if slices.Contains(parts, partMemory) {
		if err := b.memories(ctx); err != nil {
			return err
		}
	}
	if slices.Contains(parts, partRest) {
		return b.rests(ctx)
	}
	return nil
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, format+"\n", args...)
}

// verify checks one server and learns how long its frames are.
func (b *bench) verify(ctx context.Context, k kind) error {
	err := b.measure(ctx, k, b.plan.verifyMembers, func(_ *server, c *crowd) error {
		b.formats[k.Floor] = c.format
		return verify(ctx, c, b.plan.verifyWaves)
	})
	if err != nil {
		return err
	}
	if !k.Floor {
		b.formats[true] = floorFormat(b.formats[false].delivery)
	}
	b.say("verified: %s, %d members got each other's %d messages once and in order",
		k, b.plan.verifyMembers, b.plan.verifyMembers*b.plan.verifyWaves*verifyBatch)
	return nil
}

// throughputs is one round of all throughput measurements.
func (b *bench) throughputs(ctx context.Context, round int) error {
	for _, everybody := range []bool{false, true} {
		for _, n := range b.plan.members {
			name := fmt.Sprintf("one sender, %d members", n)
			if everybody {
				name = fmt.Sprintf("everybody sends, %d members", n)
			}
			for _, k := range kinds {
				var t throughput
				err := b.measure(ctx, k, n, func(s *server, c *crowd) (err error) {
					t, err = runThroughput(ctx, s, c, b.plan.loadOf(everybody, n, c.format), b.plan.warmup, b.plan.window)
					return err
				})
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				rate := t.deliveries / t.wall.Seconds() / 1e6
				share := t.generatorCPU.Seconds() / t.wall.Seconds()
				b.report.add(name, "M/s", k, rate, share)
				b.report.add(name, "M/CPU-s", k, t.deliveries/t.serverCPU.Seconds()/1e6, 0)
				b.say("round %d of %d: %s, %s: %.1f M/s, server %.0f %% and generator %.0f %% of a core", round+1,
					b.plan.rounds, name, k, rate, 100*t.serverCPU.Seconds()/t.wall.Seconds(), 100*share)
			}
		}
	}
	return nil
}

// latencies is one round of all latency measurements.
func (b *bench) latencies(ctx context.Context, round int) error {
	p := b.plan
	name := fmt.Sprintf("latency, %d members, %d messages/s, ", p.latencyMembers, p.latencyRate)
	for _, k := range kinds {
		var l latencies
		var used time.Duration // by the server
		err := b.measure(ctx, k, p.latencyMembers, func(s *server, c *crowd) error {
			before, err := s.cpu()
			if err != nil {
				return err
			}
			if l, err = runLatency(ctx, c, p.latencyRate, p.warmup, p.window); err != nil {
				return err
			}
			used, err = s.cpu()
			used -= before
			return err
		})
		if err != nil {
			return fmt.Errorf("latency: %w", err)
		}
		p50, p99 := percentile(l, 50), percentile(l, 99)
		b.report.add(name+"p50", "µs", k, microseconds(p50), 0)
		b.report.add(name+"p99", "µs", k, microseconds(p99), 0)
		b.say("round %d of %d: latency, %s: p50 %s, p99 %s of %d deliveries; the server used %s", round+1,
			p.rounds, k, p50, p99, len(l), used)
	}
	return nil
}

func microseconds(d time.Duration) float64 {
	return float64(d) / float64(time.Microsecond)
}

// memories measures the memory of members, once.
func (b *bench) memories(ctx context.Context) error {
	n := b.plan.memoryMembers
	for _, k := range kinds {
		m, err := b.runMemory(ctx, k, n, b.plan.settle)
		if err != nil {
			return fmt.Errorf("memory: %w", err)
		}
		b.report.add(fmt.Sprintf("memory an idle member, of %d", n), "B", k, m.perMember(n), 0)
		b.say("memory, %s: %.1f MiB after the start, %.1f MiB with %d members", k, mebibytes(m.before), mebibytes(m.after), n)
	}
	return nil
}

func mebibytes(n int64) float64 {
	return float64(n) / (1 << 20)
}

// rests watches the daemon at rest, once.
func (b *bench) rests(ctx context.Context) error {
	for _, n := range []int{0, b.plan.restMembers} {
		for _, k := range kinds {
			if k.Floor {
				continue
			}
			r, err := b.runRest(ctx, k, n, b.plan.rest)
			if err != nil {
				return fmt.Errorf("at rest: %w", err)
			}
			name := fmt.Sprintf("at rest, %d members", n)
			b.report.add(fmt.Sprintf("%s, CPU in %s", name, b.plan.rest), "ms", k, microseconds(r.cpu)/1e3, 0)
			b.report.add(name+", resident", "MiB", k, mebibytes(r.rss), 0)
			b.say("%s, %s: %s of CPU in %s, %.1f MiB", name, k, r.cpu, b.plan.rest, mebibytes(r.rss))
		}
	}
	return nil
}

// head writes how everything was measured.
func (b *bench) head(o options) {
	p, f := b.plan, b.formats[false]
	b.report.Head = []string{
		fmt.Sprintf("GOMAXPROCS daemon %d on core %d, generator %d on core %d, floor one thread on core %d; %s %s/%s",
			o.gomaxprocs, b.programs.cores.server, runtime.GOMAXPROCS(0), b.programs.cores.generator,
			b.programs.cores.server, runtime.Version(), runtime.GOOS, runtime.GOARCH),
		fmt.Sprintf("median of %d rounds, interleaved, %s timed in each after %s; memory and rest once", p.rounds, p.window, p.warmup),
		fmt.Sprintf("%d-byte messages, %d bytes a delivery, %d an author's echo; the floor is sent frames of %d bytes and copies them to all",
			messageBytes, f.delivery, f.echo, b.formats[true].sent),
		fmt.Sprintf("load: at most %d messages under way; one sender writes %d at a time (to the floor %d), everybody %d each in turn",
			p.outstanding, p.loadOf(false, 0, f).batch, p.loadOf(false, 0, b.formats[true]).batch, batchOfEach),
	}
	if b.programs.cores.server == b.programs.cores.generator {
		b.report.Head = append(b.report.Head, "there is only one core: server and generator shared it, and the figures mean little")
	}
	if o.quick {
		b.report.Head = append(b.report.Head, "a smoke run (--quick): the figures mean nothing")
	}
}
