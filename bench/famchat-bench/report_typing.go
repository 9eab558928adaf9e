package main

import (
	"fmt"
	"slices"
	"strings"
)

// typingRow is one figure of the client, in a quiet room and while lines scroll by.
type typingRow struct {
	Name          string    `json:"name"`
	Unit          string    `json:"unit"`
	Quiet         float64   `json:"quiet"`   // the median
	Flooded       float64   `json:"flooded"` // the median
	Promise       float64   `json:"promise"` // the most that it is to be when flooded
	QuietRounds   []float64 `json:"quiet_rounds"`
	FloodedRounds []float64 `json:"flooded_rounds"`
}

// addTyping notes one round's figures.
func (r *report) addTyping(name, unit string, promise, quiet, flooded float64) {
	i := slices.IndexFunc(r.Typing, func(t *typingRow) bool { return t.Name == name })
	if i < 0 {
		i = len(r.Typing)
		r.Typing = append(r.Typing, &typingRow{Name: name, Unit: unit, Promise: promise})
	}
	t := r.Typing[i]
	t.QuietRounds = append(t.QuietRounds, quiet)
	t.FloodedRounds = append(t.FloodedRounds, flooded)
}

// finishTyping takes the medians.
func (r *report) finishTyping() {
	for _, t := range r.Typing {
		t.Quiet, t.Flooded = median(t.QuietRounds), median(t.FloodedRounds)
	}
}

// writeTyping writes a table of what typing is like.
func (r *report) writeTyping(b *strings.Builder) {
	nameWidth := len("typing")
	for _, t := range r.Typing {
		nameWidth = max(nameWidth, len(t.Name))
	}
	const line = "%-*s  %-8s %11s %9s  %s\n"
	fmt.Fprintf(b, "\n"+line, nameWidth, "typing", "", "quiet", "flooded", "promised")
	for _, t := range r.Typing {
		fmt.Fprintf(b, line, nameWidth, t.Name, t.Unit, number(t.Quiet), number(t.Flooded), "at most "+number(t.Promise))
	}
}
