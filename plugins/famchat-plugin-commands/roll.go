package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"famchat/plugins"
)

// The limits of a roll.
const (
	maxDice     = 100
	minSides    = 2
	maxSides    = 1000
	maxModifier = 1000
)

// throw is what to roll: 2d6+3.
type throw struct {
	dice, sides, modifier int
}

var (
	throwForm  = regexp.MustCompile(`^(\d{0,4})[dD](\d{1,4})(?:([+-])(\d{1,4}))?$`)
	throwUsage = fmt.Sprintf("roll as in /roll 2d6 or /roll d20+3: 1 to %d dice with %d to %d sides, plus or minus up to %d.",
		maxDice, minSides, maxSides, maxModifier)
)

// parseThrow reads [N]dM, [N]dM+K or [N]dM-K, in which white space is nothing;
// nothing at all is one die.
func parseThrow(spec string) (t throw, ok bool) {
	spec = strings.Join(strings.Fields(spec), "")
	if spec == "" {
		return throw{dice: 1, sides: 6}, true
	}
	parts := throwForm.FindStringSubmatch(spec)
	if parts == nil {
		return throw{}, false
	}
	t.dice = 1
	// What the form lets through is digits, too few to overflow.
	if parts[1] != "" {
		t.dice, _ = strconv.Atoi(parts[1])
	}
	t.sides, _ = strconv.Atoi(parts[2])
	t.modifier, _ = strconv.Atoi(parts[4])
	ok = t.dice >= 1 && t.dice <= maxDice && t.sides >= minSides && t.sides <= maxSides && t.modifier <= maxModifier
	if parts[3] == "-" {
		t.modifier = -t.modifier
	}
	return t, ok
}

// String is the throw as one types it.
func (t throw) String() string {
	s := "d" + strconv.Itoa(t.sides)
	if t.dice > 1 {
		s = strconv.Itoa(t.dice) + s
	}
	if t.modifier != 0 {
		s += fmt.Sprintf("%+d", t.modifier)
	}
	return s
}

// roll throws dice before everyone, "rolls 2d6+3: 1 + 5 + 3 = 9".
func roll(intN func(n int) int) func(context.Context, plugins.Call) plugins.Result {
	return func(_ context.Context, c plugins.Call) plugins.Result {
		t, ok := parseThrow(c.Args)
		if !ok {
			return refuse(c, throwUsage)
		}
		return plugins.Do(plugins.Act("rolls " + t.String() + ": " + t.outcome(intN)))
	}
}

// outcome throws the dice, and adds up where there is something to add.
func (t throw) outcome(intN func(n int) int) string {
	var b strings.Builder
	sum := t.modifier
	for i := range t.dice {
		eyes := intN(t.sides) + 1
		sum += eyes
		if i > 0 {
			b.WriteString(" + ")
		}
		b.WriteString(strconv.Itoa(eyes))
	}
	switch {
	case t.modifier > 0:
		b.WriteString(" + " + strconv.Itoa(t.modifier))
	case t.modifier < 0:
		b.WriteString(" - " + strconv.Itoa(-t.modifier))
	case t.dice == 1:
		return b.String()
	}
	return b.String() + " = " + strconv.Itoa(sum)
}
