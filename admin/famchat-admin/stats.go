package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"famchat/admin"
)

// report is what stats --json prints.
type statsReport struct {
	admin.Stats
	Plugins []admin.Plugin `json:"plugins"`
}

func statsCommand(a *app) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "stats", Short: "Show what the daemon has counted", GroupID: daemon, Args: noArgs,
		Long: `Shows what has been counted since the daemon started: members, messages,
bytes, why connections ended, how the plugins do, the longest turn of the
loop.

In a pipe each line is a name and a value: bytes, seconds, or how many. The
same is at /metrics of the socket, in the text format of Prometheus.`,
		RunE: func(c *cobra.Command, _ []string) error {
			r, err := a.stats(c)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return a.p.json(r)
			case a.p.terminal:
				a.printStats(r)
			default:
				a.recordStats(r)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print an object of JSON")
	return c
}

func (a *app) stats(c *cobra.Command) (statsReport, error) {
	s, err := a.client.Stats(c.Context())
	if err != nil {
		return statsReport{}, err
	}
	plugins, err := a.client.Plugins(c.Context())
	return statsReport{s, plugins}, err
}

// closes are the reasons why connections ended, the commonest first.
func closes(s admin.Stats) []string {
	return slices.SortedFunc(maps.Keys(s.Closed), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Closed[b], s.Closed[a]), strings.Compare(a, b))
	})
}

// ended says why so many connections ended.
func ended(s admin.Stats) string {
	var parts []string
	for _, reason := range closes(s) {
		parts = append(parts, fmt.Sprintf("%s %d", reason, s.Closed[reason]))
	}
	return strings.Join(parts, ", ")
}

func (a *app) printStats(r statsReport) {
	s := r.Stats
	line := func(what, format string, args ...any) {
		a.p.linef("%-12s %s", what, fmt.Sprintf(format, args...))
	}
	line("version", "%s", s.Version)
	line("up", "%s, since %s", span(time.Duration(s.Uptime)), clock(s.Started, time.Now()))
	if s.ShutdownIn > 0 {
		line("stops in", "%s", span(time.Duration(s.ShutdownIn)))
	}
	line("members", "%d, and %d still choosing a name; at most %d at once", s.Members, s.Choosing, s.Peak)
	line("messages", "%d, delivered %d times", s.Messages, s.Deliveries)
	line("bytes", "%s read, %s written, %s wait", size(float64(s.BytesRead)), size(float64(s.BytesWritten)), size(float64(s.Backlog)))
	line("connections", "%d accepted, %d refused for want of descriptors", s.Accepted, s.Refused)
	if ended := ended(s); ended != "" {
		line("ended", "%s", ended)
	}
	line("loop", "%d turns, the longest %s", s.Turns, short(time.Duration(s.LongestTurn)))
	if s.LogLost > 0 {
		line("log", "%d records lost", s.LogLost)
	}
	if len(r.Plugins) > 0 {
		a.p.line(plain, "")
		a.printPlugins(r.Plugins)
	}
}

func (a *app) recordStats(r statsReport) {
	s := r.Stats
	for _, line := range [][2]string{
		{"version", s.Version}, {"started", stamp(s.Started)}, {"uptime_seconds", seconds(s.Uptime)},
		{"members", number(s.Members)}, {"choosing", number(s.Choosing)}, {"peak", number(s.Peak)},
		{"messages", number(s.Messages)}, {"deliveries", number(s.Deliveries)},
		{"bytes_read", number(s.BytesRead)}, {"bytes_written", number(s.BytesWritten)}, {"backlog_bytes", number(s.Backlog)},
		{"accepted", number(s.Accepted)}, {"refused", number(s.Refused)},
		{"turns", number(s.Turns)}, {"longest_turn_seconds", seconds(s.LongestTurn)}, {"log_lost", number(s.LogLost)},
		{"shutdown_in_seconds", seconds(s.ShutdownIn)},
	} {
		a.p.record(line[0], line[1])
	}
	for _, reason := range closes(s) {
		a.p.record("closed", reason, number(s.Closed[reason]))
	}
	for _, p := range r.Plugins {
		a.p.record("plugin", p.Name, p.State, number(p.Calls), number(p.Failures), seconds(p.P50), seconds(p.P99))
	}
}
