package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"famchat/plugins"
)

// maxListBytes is how much of a list of people /who shows: well below what an
// answer may have.
const maxListBytes = 32 << 10

// who lists who is here. They come sorted.
func who(_ context.Context, c plugins.Call) plugins.Result {
	if len(c.Members) == 1 && c.Members[0].ID == c.Caller.ID {
		return plugins.Reply("only you are here")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d here: ", len(c.Members))
	for i, m := range c.Members {
		if b.Len() > maxListBytes {
			fmt.Fprintf(&b, " and %d more", len(c.Members)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(m.Name)
		if m.ID == c.Caller.ID {
			b.WriteString(" (you)")
		}
	}
	return plugins.Reply(b.String())
}

// clock says what time it is where the server is.
func clock(_ context.Context, c plugins.Call) plugins.Result {
	return plugins.Reply("it is " + dayAndTime(c.Time) + ", " + zone(c.Time))
}

// uptime says how long the server has been running.
func uptime(_ context.Context, c plugins.Call) plugins.Result {
	return plugins.Reply("the server has been running for " + inWords(c.Time.Sub(c.About.Started)) +
		", since " + dayAndTime(c.About.Started))
}

// about tells what there is to know of the server, and who reads along.
func about(_ context.Context, c plugins.Call) plugins.Result {
	lines := []string{titled("famchat", c.About.Version) + ", running for " + inWords(c.Time.Sub(c.About.Started))}
	for _, p := range c.About.Plugins {
		lines = append(lines, "plugin "+titled(p.Name, p.Version)+": "+sight(p))
	}
	// This one is a plugin, too.
	return plugins.Reply(strings.Join(append(lines, "a plugin that offers a /command also reads what you type after it"), "\n"))
}

// titled is a name with its version, where that is known.
func titled(name, version string) string { return strings.TrimSpace(name + " " + version) }

// sight says what of all that is written a plugin sees.
func sight(p plugins.Info) string {
	var sees []string
	switch {
	case p.SeesPublic && p.SeesPrivate:
		sees = append(sees, "reads all you write before it is posted, private messages included")
	case p.SeesPublic:
		sees = append(sees, "reads what you write to everyone before it is posted")
	case p.SeesPrivate:
		sees = append(sees, "reads your private messages before they are sent")
	}
	if p.Observes {
		sees = append(sees, "is told who comes and goes and what was posted, which may include private messages")
	}
	if len(sees) == 0 {
		return "reads none of your messages"
	}
	return strings.Join(sees, "; ")
}

// dayAndTime is a time as people say it.
func dayAndTime(t time.Time) string { return t.Format("15:04 on Monday 2 January 2006") }

// zone is a time's zone, "CET (UTC+01:00)": an abbreviation alone says little.
func zone(t time.Time) string {
	name, offset := t.Zone()
	utc := "UTC"
	if offset != 0 {
		utc += t.Format("-07:00")
	}
	// A zone without an abbreviation has its offset for a name.
	if name == "" || name == "UTC" || strings.ContainsAny(name[:1], "+-") {
		return utc
	}
	return name + " (" + utc + ")"
}

var units = []struct {
	name string
	is   time.Duration
}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}

// inWords says how long something took, in its largest unit and the next one.
func inWords(d time.Duration) string {
	for i, unit := range units {
		if d < unit.is {
			continue
		}
		words := quantity(int64(d/unit.is), unit.name)
		if i+1 < len(units) {
			if n := d % unit.is / units[i+1].is; n > 0 {
				words += " and " + quantity(int64(n), units[i+1].name)
			}
		}
		return words
	}
	return "less than a second"
}

// quantity is "1 day" or "2 days".
func quantity(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
