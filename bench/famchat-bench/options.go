package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// The parts of a run, in their order.
const (
	partThroughput = "throughput"
	partLatency    = "latency"
	partDisturbed  = "disturbed"
	partPlugins    = "plugins"
	partAdmin      = "admin"
	partTyping     = "typing"
	partMemory     = "memory"
	partRest       = "rest"
)

var allParts = []string{partThroughput, partLatency, partDisturbed, partPlugins, partAdmin, partTyping, partMemory, partRest}

// options are the flags.
type options struct {
	daemon     string        // the famchatd to measure
	client     string        // the famchat that is typed at
	rounds     int           // rounds of all but memory and rest
	window     time.Duration // the timed part of a round
	gomaxprocs int           // for the daemon; the generator keeps its own
	parts      []string      // some of allParts
	quick      bool
	json       bool
}

// plan are the sizes of a run.
type plan struct {
	rounds         int
	members        []int         // of the throughput measurements
	warmup         time.Duration // before a timed window
	window         time.Duration // timed
	outstanding    int           // messages that may be under way in the throughput measurements
	latencyMembers int
	latencyRate    int // messages a second
	memoryMembers  int
	settle         time.Duration // from the last joined to the second look at the memory
	restMembers    int
	rest           time.Duration // how long the daemon is watched at rest
	verifyMembers  int
	verifyWaves    int // each member sends verifyBatch messages in each
	disturbed      disturbedPlan
	plugins        pluginPlan
	admin          adminPlan
	typing         typingPlan
}

// disturbedPlan are the sizes of the disturbances.
type disturbedPlan struct {
	members    int
	rate       int           // messages a second, of disturbedAuthors
	floodLines int           // the most that the flooder sends
	arrivals   int           // that come within storm
	storm      time.Duration // timed
	halves     int           // connections that sent half a name
	joins      int           // one after the other
	pause      time.Duration // after halves came, and after people left
}

// fullPlan is what make bench runs. The messages under way are some 600 KB for
// each member: over a quarter of the daemon's backlog, so that it always has
// work, and below the half at which it stops reading those who post.
func fullPlan() plan {
	return plan{
		outstanding: 4096,
		rounds:      5, members: []int{100, 1000}, warmup: 500 * time.Millisecond, window: 3 * time.Second,
		latencyMembers: 1000, latencyRate: 50, memoryMembers: 10000, settle: 10 * time.Second,
		restMembers: 1000, rest: 10 * time.Second, verifyMembers: 100, verifyWaves: 5,
		disturbed: disturbedPlan{members: 1000, rate: 50, floodLines: 1e6, arrivals: 2000, storm: time.Second,
			halves: 1000, joins: 20, pause: 500 * time.Millisecond},
		plugins: pluginPlan{members: 10, rate: 50},
		admin:   adminPlan{members: 1000, rate: 50, asked: 100, listed: 10000, lists: 10, pause: 3 * time.Second},
		typing:  typingPlan{flood: 10000, key: 10 * time.Millisecond},
	}
}

// quickPlan is a smoke run: everything once and small. Its figures mean nothing.
func quickPlan() plan {
	return plan{
		outstanding: 256,
		rounds:      1, members: []int{10, 50}, warmup: 50 * time.Millisecond, window: 200 * time.Millisecond,
		latencyMembers: 50, latencyRate: 50, memoryMembers: 200, settle: 200 * time.Millisecond,
		restMembers: 50, rest: 200 * time.Millisecond, verifyMembers: 10, verifyWaves: 3,
		disturbed: disturbedPlan{members: 20, rate: 50, floodLines: 200, arrivals: 50, storm: 200 * time.Millisecond,
			halves: 20, joins: 5, pause: 50 * time.Millisecond},
		plugins: pluginPlan{members: 5, rate: 50},
		admin:   adminPlan{members: 20, rate: 50, asked: 100, listed: 50, lists: 2, pause: 200 * time.Millisecond},
		typing:  typingPlan{flood: 1000, key: 10 * time.Millisecond},
	}
}

// plan returns the sizes that the flags ask for.
func (o options) plan() plan {
	p := fullPlan()
	if o.quick {
		p = quickPlan()
	}
	if o.rounds > 0 {
		p.rounds = o.rounds
	}
	if o.window > 0 {
		p.window = o.window
	}
	return p
}

// parseOptions reads the flags. It has told the person what is wrong where it
// returns an error.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	flags := flag.NewFlagSet("famchat-bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.daemon, "daemon", "", "the famchatd to measure (default: the one beside this program)")
	flags.StringVar(&o.client, "client", "", "the famchat that is typed at (default: the one beside this program)")
	flags.IntVar(&o.rounds, "rounds", 0, "rounds of all but memory and rest (default 5; 1 with --quick)")
	flags.DurationVar(&o.window, "window", 0, "timed part of a round (default 3s; 200ms with --quick)")
	flags.IntVar(&o.gomaxprocs, "gomaxprocs", runtime.NumCPU(), "GOMAXPROCS of the daemon")
	flags.StringVar(&only, "only", strings.Join(allParts, ","), "the parts to run")
	flags.BoolVar(&o.quick, "quick", false, "a short smoke run; its figures mean nothing")
	flags.BoolVar(&o.json, "json", false, "print the report as JSON")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.parts = strings.Split(only, ",")
	err := o.validate(flags.Args())
	if err == nil && o.daemon == "" {
		o.daemon, err = besideMe("famchatd")
	}
	if err == nil && o.client == "" {
		o.client, err = besideMe("famchat")
	}
	if err == nil && slices.Contains(o.parts, partTyping) {
		if _, err = os.Stat(o.client); err != nil {
			err = fmt.Errorf("no client to type at: %w (build it with make, name one with --client, or leave typing out of --only)", err)
		}
	}
	if err == nil {
		_, err = os.Stat(o.daemon)
		if err != nil {
			err = fmt.Errorf("no daemon to measure: %w (build it with make, or name one with --daemon)", err)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "famchat-bench:", err)
	}
	return o, err
}

func (o options) validate(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	if o.rounds < 0 || o.window < 0 || o.gomaxprocs < 1 {
		return errors.New("--rounds, --window and --gomaxprocs must be more than 0")
	}
	for _, part := range o.parts {
		if !slices.Contains(allParts, part) {
			return fmt.Errorf("--only: no part is called %q; there are %s", part, strings.Join(allParts, ", "))
		}
	}
	return nil
}

// besideMe returns the path of the program called name beside this one.
func besideMe(name string) (string, error) {
	me, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program's folder: %w", err)
	}
	return filepath.Join(filepath.Dir(me), name), nil
}
