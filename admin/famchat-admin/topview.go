package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rivo/uniseg"

	"famchat/admin"
)

// maxTopPlugins is how many plugins top shows: the members want room, too.
const maxTopPlugins = 8

const pluginHeader = "PLUGIN"

// look is what there was to see at one time.
type look struct {
	at      time.Time
	stats   admin.Stats
	members []admin.Member
	plugins []admin.Plugin
}

func (a *app) look(ctx context.Context) (look, error) {
	l := look{at: time.Now()}
	var err error
	if l.stats, err = a.client.Stats(ctx); err != nil {
		return l, err
	}
	if l.members, err = a.client.Members(ctx); err != nil {
		return l, err
	}
	l.plugins, err = a.client.Plugins(ctx)
	return l, err
}

// styledLine is a line of a screen, safe for a terminal.
type styledLine struct{ style, text string }

// drawTop draws what there is to see now, with rates since before, on a screen of that size.
func drawTop(before, now look, width, height int) []styledLine {
	var lines []styledLine
	add := func(style, text string) { lines = append(lines, styledLine{style, fit(oneLine(text), width)}) }
	s, b := now.stats, before.stats
	perSecond := rates(before, now)
	add(bold, fmt.Sprintf("famchat %s, up %s, %s", s.Version, span(time.Duration(s.Uptime)), now.at.Local().Format("15:04:05")))
	if s.ShutdownIn > 0 {
		add(red, "the daemon stops in "+span(time.Duration(s.ShutdownIn)))
	}
	add(plain, fmt.Sprintf("members %d, choosing %d, peak %d, connections accepted %d", s.Members, s.Choosing, s.Peak, s.Accepted))
	add(plain, fmt.Sprintf("a second: messages %s, deliveries %s, read %s, written %s; waiting %s",
		count(perSecond(s.Messages, b.Messages)), count(perSecond(s.Deliveries, b.Deliveries)),
		size(perSecond(s.BytesRead, b.BytesRead)), size(perSecond(s.BytesWritten, b.BytesWritten)), size(float64(s.Backlog))))
	add(plain, fmt.Sprintf("longest turn %s, log records lost %d; ended: %s", short(time.Duration(s.LongestTurn)), s.LogLost, cmp.Or(ended(s), "none")))
	add(plain, "")
	for _, t := range []*table{pluginTable(before, now, perSecond), memberTable(before, now, perSecond)} {
		if t == nil || t.header[0] == pluginHeader && len(lines)+len(t.rows) > height/2 {
			continue // a low screen is for the members
		}
		for i, row := range t.lines() {
			if i == 0 {
				add(bold, row)
			} else {
				add(plain, row)
			}
		}
		add(plain, "")
	}
	lines = lines[:len(lines)-1]
	if len(lines) > height && height > 0 {
		hidden := len(lines) - height + 1
		lines = lines[:height-1]
		add(dim, fmt.Sprintf("%d more; q ends this", hidden))
	}
	return lines
}

// rates returns what makes a rate of two counts.
func rates(before, now look) func(now, before uint64) float64 {
	elapsed := now.at.Sub(before.at).Seconds()
	return func(now, before uint64) float64 {
		if elapsed <= 0 || now < before { // another daemon counts from 0
			return 0
		}
		return float64(now-before) / elapsed
	}
}

func pluginTable(before, now look, perSecond func(now, before uint64) float64) *table {
	if len(now.plugins) == 0 {
		return nil
	}
	calls := map[string]int64{}
	for _, p := range before.plugins {
		calls[p.Name] = p.Calls
	}
	t := newTable(pluginHeader, "STATE", "CALLS/S", "FAILURES", "P50", "P99").numbers(2, 3, 4, 5)
	for _, p := range now.plugins[:min(len(now.plugins), maxTopPlugins)] {
		t.row(p.Name, pluginState(p), count(perSecond(uint64(p.Calls), uint64(calls[p.Name]))), number(p.Failures),
			short(time.Duration(p.P50)), short(time.Duration(p.P99)))
	}
	return t
}

// memberTable has the busiest members first: by messages a second, then by what waits for
// them, then by all that they ever sent.
func memberTable(before, now look, perSecond func(now, before uint64) float64) *table {
	sent := map[uint64]uint32{}
	for _, m := range before.members {
		sent[m.ID] = m.Messages
	}
	rate := func(m admin.Member) float64 { return perSecond(uint64(m.Messages), uint64(sent[m.ID])) }
	members := slices.Clone(now.members)
	slices.SortStableFunc(members, func(a, b admin.Member) int {
		return cmp.Or(cmp.Compare(rate(b), rate(a)), cmp.Compare(b.Backlog, a.Backlog), cmp.Compare(b.Messages, a.Messages))
	})
	t := newTable("MEMBER", "MESSAGES/S", "MESSAGES", "BACKLOG", "IDLE", "ADDRESS").numbers(1, 2, 3, 4)
	for _, m := range members {
		t.row(who(m.ID, m.Name), count(rate(m)), number(m.Messages), size(float64(m.Backlog)), span(time.Duration(m.Idle)), m.Address)
	}
	return t
}

// fit cuts a line to a width, between grapheme clusters.
func fit(line string, width int) string {
	if uniseg.StringWidth(line) <= width {
		return line
	}
	used, at, state := 0, 0, -1
	for rest := line; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+w > width {
			break
		}
		used += w
		at += len(cluster)
	}
	return line[:at]
}
