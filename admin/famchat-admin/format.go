package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"famchat/admin"
)

// span says how long something is, for people: its two largest units.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "0s"
	case d >= day:
		return strings.TrimSuffix(fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour), "0h")
	case d >= time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute), "0m")
	case d >= time.Minute:
		return strings.TrimSuffix(fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second), "0s")
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// short says how long a short time is, for people.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0fms", d.Seconds()*1e3)
	case d >= 100*time.Microsecond:
		return fmt.Sprintf("%.1fms", d.Seconds()*1e3)
	case d == 0:
		return "0"
	}
	return fmt.Sprintf("%.0fµs", d.Seconds()*1e6)
}

// size says how many bytes there are, for people.
func size(n float64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 1024 {
			return amount(n) + " " + unit
		}
		n /= 1024
	}
	return amount(n) + " TiB"
}

// count says how many there are, for people.
func count(n float64) string {
	for _, unit := range []string{"", "k", "M"} {
		if n < 10_000 {
			return amount(n) + unit
		}
		n /= 1000
	}
	return amount(n) + "G"
}

// amount writes a number with a decimal where it is small and has one.
func amount(n float64) string {
	if n >= 100 || n == float64(int64(n)) {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.1f", n)
}

// clock says when something is, for people: the time, and the date where it is another day.
func clock(t, now time.Time) string {
	t = t.Local()
	now = now.Local()
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// seconds writes a time for programs.
func seconds(d admin.Duration) string {
	return strconv.FormatFloat(time.Duration(d).Seconds(), 'f', -1, 64)
}

// stamp writes a moment for programs.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// number writes a number for programs.
func number[N int | int64 | uint32 | uint64](n N) string { return fmt.Sprint(n) }

// who says who somebody is.
func who(id uint64, name string) string {
	switch {
	case name == "" && id == 0:
		return "?"
	case name == "":
		return fmt.Sprintf("#%d", id)
	case id == 0:
		return name
	}
	return fmt.Sprintf("%s (#%d)", name, id)
}

// span of time as a flag: what time.ParseDuration reads, and days.
type durationFlag time.Duration

func (d *durationFlag) String() string {
	if *d == 0 {
		return ""
	}
	return span(time.Duration(*d))
}

func (d *durationFlag) Type() string { return "TIME" }

func (d *durationFlag) Set(s string) error {
	days, rest, hasDays := strings.Cut(s, "d")
	if !hasDays {
		days, rest = "0", s
	}
	n, err := strconv.ParseUint(days, 10, 16)
	var parsed time.Duration
	if err == nil && rest != "" {
		parsed, err = time.ParseDuration(rest)
	}
	total := time.Duration(n)*24*time.Hour + parsed
	if err != nil || s == "" || total <= 0 {
		return fmt.Errorf("a time is written as 90s, 10m, 1h30m or 2d")
	}
	*d = durationFlag(total)
	return nil
}
