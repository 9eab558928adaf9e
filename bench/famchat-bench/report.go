package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// boundShare is the share of its core from which on the generator, not the
// server, may be what limited a round.
const boundShare = 0.9

// kind is one of the servers that are compared.
type kind struct {
	Floor  bool   `json:"floor"`  // or the daemon
	Poller string `json:"poller"` // epoll or poll
}

func (k kind) String() string {
	if k.Floor {
		return "floor " + k.Poller
	}
	return "daemon " + k.Poller
}

// kinds are in the order in which they are interleaved: each daemon's round is
// close to that of its floor.
var kinds = []kind{{true, "epoll"}, {false, "epoll"}, {true, "poll"}, {false, "poll"}}

// cell is one figure of one server.
type cell struct {
	kind
	Median         float64   `json:"median"`
	Ratio          *float64  `json:"ratio,omitempty"`           // to the floor with the same poller; the median of the rounds' ratios
	Rounds         []float64 `json:"rounds"`                    // in their order
	Generator      []float64 `json:"generator,omitempty"`       // its share of its core in each round
	GeneratorBound int       `json:"generator_bound,omitempty"` // in so many rounds
}

// row is one figure of all servers.
type row struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Cells []*cell `json:"cells"`
}

// report is what a run found.
type report struct {
	Head []string `json:"head"` // how everything was measured
	Rows []*row   `json:"rows"`

	Disturbed []*disturbance `json:"disturbed,omitempty"`
	Plugins   []*pluginRow   `json:"plugins,omitempty"`
	Typing    []*typingRow   `json:"typing,omitempty"`
}

// pluginCounts are with how many plugins the daemon is measured.
var pluginCounts = [...]int{0, 1, 3}

// pluginRow is one figure of the daemon by the number of its plugins.
type pluginRow struct {
	Name   string                       `json:"name"`
	Unit   string                       `json:"unit"`
	Median [len(pluginCounts)]float64   `json:"median"` // with 0, 1 and 3
	Rounds [len(pluginCounts)][]float64 `json:"rounds"`
}

// addPlugins notes one round's figure with so many plugins.
func (r *report) addPlugins(plugins int, name, unit string, value float64) {
	i := slices.IndexFunc(r.Plugins, func(p *pluginRow) bool { return p.Name == name })
	if i < 0 {
		i = len(r.Plugins)
		r.Plugins = append(r.Plugins, &pluginRow{Name: name, Unit: unit})
	}
	at := slices.Index(pluginCounts[:], plugins)
	r.Plugins[i].Rounds[at] = append(r.Plugins[i].Rounds[at], value)
}

// disturbance is one figure of the daemon without and with something that
// disturbs it.
type disturbance struct {
	Name            string    `json:"name"`
	Unit            string    `json:"unit"`
	Quiet           float64   `json:"quiet"`     // the median
	Disturbed       float64   `json:"disturbed"` // the median
	Ratio           float64   `json:"ratio"`     // the median of the rounds' ratios
	Promise         float64   `json:"promise"`   // the most that the ratio is to be
	QuietRounds     []float64 `json:"quiet_rounds"`
	DisturbedRounds []float64 `json:"disturbed_rounds"`
}

// addDisturbed notes one round's figures.
func (r *report) addDisturbed(name, unit string, promise, quiet, disturbed float64) {
	i := slices.IndexFunc(r.Disturbed, func(d *disturbance) bool { return d.Name == name })
	if i < 0 {
		i = len(r.Disturbed)
		r.Disturbed = append(r.Disturbed, &disturbance{Name: name, Unit: unit, Promise: promise})
	}
	d := r.Disturbed[i]
	d.QuietRounds = append(d.QuietRounds, quiet)
	d.DisturbedRounds = append(d.DisturbedRounds, disturbed)
}

// add notes one round's figure, in the unit of its row. share is what the
// generator used of its core, 0 where that does not matter.
func (r *report) add(name, unit string, k kind, value, share float64) {
	c := r.row(name, unit).cellOf(k)
	c.Rounds = append(c.Rounds, value)
	if share > 0 {
		c.Generator = append(c.Generator, share)
	}
	if share > boundShare {
		c.GeneratorBound++
	}
}

func (r *report) row(name, unit string) *row {
	for _, row := range r.Rows {
		if row.Name == name && row.Unit == unit {
			return row
		}
	}
	r.Rows = append(r.Rows, &row{Name: name, Unit: unit})
	return r.Rows[len(r.Rows)-1]
}

// find returns the cell of k, or nil.
func (r *row) find(k kind) *cell {
	for _, c := range r.Cells {
		if c.kind == k {
			return c
		}
	}
	return nil
}

func (r *row) cellOf(k kind) *cell {
	c := r.find(k)
	if c == nil {
		c = &cell{kind: k}
		r.Cells = append(r.Cells, c)
	}
	return c
}

// finish takes the medians and the ratios.
func (r *report) finish() {
	for _, row := range r.Rows {
		for _, c := range row.Cells {
			c.Median = median(c.Rounds)
			floor := row.find(kind{Floor: true, Poller: c.Poller})
			if c.Floor || floor == nil || median(floor.Rounds) <= 0 {
				continue
			}
			ratio := median(ratios(c.Rounds, floor.Rounds))
			c.Ratio = &ratio
		}
	}
	for _, d := range r.Disturbed {
		d.Quiet, d.Disturbed = median(d.QuietRounds), median(d.DisturbedRounds)
		d.Ratio = median(ratios(d.DisturbedRounds, d.QuietRounds))
	}
	for _, p := range r.Plugins {
		for i := range p.Rounds {
			p.Median[i] = median(p.Rounds[i])
		}
	}
	r.finishTyping()
}

// writeJSON writes a finished report as JSON.
func (r *report) writeJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(r)
}

// writeText writes a finished report as aligned text.
func (r *report) writeText(w io.Writer) error {
	var b strings.Builder
	for _, line := range r.Head {
		fmt.Fprintln(&b, line)
	}
	if len(r.Rows) > 0 {
		r.writeRows(&b)
	}
	if len(r.Disturbed) > 0 {
		r.writeDisturbed(&b)
	}
	if len(r.Plugins) > 0 {
		r.writePlugins(&b)
	}
	if len(r.Typing) > 0 {
		r.writeTyping(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeDisturbed writes a table of the disturbances.
func (r *report) writeDisturbed(b *strings.Builder) {
	nameWidth := 0
	for _, d := range r.Disturbed {
		nameWidth = max(nameWidth, len(d.Name))
	}
	const line = "%-*s  %-8s %11s %9s %6s  %s\n"
	fmt.Fprintf(b, "\n"+line, nameWidth, "", "", "quiet", "disturbed", "ratio", "promised")
	for _, d := range r.Disturbed {
		fmt.Fprintf(b, line, nameWidth, d.Name, d.Unit, number(d.Quiet), number(d.Disturbed),
			fmt.Sprintf("%.2f", d.Ratio), fmt.Sprintf("at most %g", d.Promise))
	}
}

// writePlugins writes a table of what plugins cost.
func (r *report) writePlugins(b *strings.Builder) {
	nameWidth := 0
	for _, p := range r.Plugins {
		nameWidth = max(nameWidth, len([]rune(p.Name)))
	}
	const line = "%-*s  %-8s %11s %11s %11s\n"
	fmt.Fprintf(b, "\n"+line, nameWidth, "plugins, on the daemon's core", "", "none", "profanity", "all three")
	for _, p := range r.Plugins {
		fmt.Fprintf(b, line, nameWidth, p.Name, p.Unit, number(p.Median[0]), number(p.Median[1]), number(p.Median[2]))
	}
}

// writeRows writes a table of the rows.
func (r *report) writeRows(b *strings.Builder) {
	nameWidth := 0
	for _, row := range r.Rows {
		nameWidth = max(nameWidth, len(row.Name))
	}
	line := func(name, unit string, cells [6]string, notes string) {
		text := fmt.Sprintf("%-*s  %-8s %11s %8s %6s  %11s %8s %6s  %s", nameWidth, name, unit,
			cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], notes)
		fmt.Fprintln(b, strings.TrimRight(text, " "))
	}
	fmt.Fprintln(b)
	line("", "", [6]string{"floor epoll", "epoll", "ratio", "floor poll", "poll", "ratio"}, "")
	for _, row := range r.Rows {
		var cells [6]string
		for i, poller := range []string{"epoll", "poll"} {
			if floor := row.find(kind{Floor: true, Poller: poller}); floor != nil {
				cells[3*i] = number(floor.Median)
			}
			daemon := row.find(kind{Poller: poller})
			if daemon != nil {
				cells[3*i+1] = number(daemon.Median)
			}
			if daemon != nil && daemon.Ratio != nil {
				cells[3*i+2] = fmt.Sprintf("%.2f", *daemon.Ratio)
			}
		}
		line(row.Name, row.Unit, cells, row.notes())
	}
}

// notes says where the generator was the bottleneck.
func (r *row) notes() string {
	var where []string
	for _, c := range r.Cells {
		if c.GeneratorBound > 0 {
			where = append(where, fmt.Sprintf("%s in %d of %d", c.kind, c.GeneratorBound, len(c.Rounds)))
		}
	}
	if len(where) == 0 {
		return ""
	}
	return "generator-bound: " + strings.Join(where, ", ")
}

// number writes a figure with about three digits.
func number(f float64) string {
	switch {
	case f >= 100 || f <= -100 || f == 0:
		return fmt.Sprintf("%.0f", f)
	case f >= 10 || f <= -10:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.2f", f)
	}
}
