package room

import "famchat/daemon/internal/screen"

// marks are how long before its end everyone reads of a countdown, in seconds.
var marks = [...]int64{
	24 * 3600, 12 * 3600, 6 * 3600, 3 * 3600, 2 * 3600, 3600,
	1800, 600, 300, 120, 60, 30, 10, 5, 4, 3, 2, 1,
}

// countdown is until the room is to close.
type countdown struct {
	at   int64 // when it is over; 0: there is none
	next int64 // when everyone reads of it next, or at
}

// deadline is when something is to be done about it, or Never.
func (c *countdown) deadline() int64 {
	if c.at == 0 {
		return Never
	}
	return c.next
}

// aim sets next to the first mark after now.
func (c *countdown) aim(now int64) {
	c.next = c.at
	for _, seconds := range marks {
		if mark := c.at - seconds*nanosASecond; mark > now {
			c.next = mark
			return
		}
	}
}

// countDown begins a countdown in place of the one that there may be, and tells
// everyone; until is 0 to end it.
func (r *Room) countDown(until int64) {
	was := r.countdown.at
	r.countdown = countdown{at: until}
	switch {
	case until > r.now.Nanos:
		r.countdown.aim(r.now.Nanos)
		r.tellAll(r.untilClosing())
	case until != 0:
		r.countdown.next = until
	case was != 0:
		r.tellAll("The server stays after all")
	}
}

// counted does what is due in a countdown.
func (r *Room) counted() {
	if r.countdown.deadline() > r.now.Nanos {
		return
	}
	if r.countdown.at <= r.now.Nanos {
		r.countdown = countdown{}
		r.out = append(r.out, Effect{Kind: CountedDown})
		return
	}
	r.countdown.aim(r.now.Nanos)
	r.tellAll(r.untilClosing())
}

// untilClosing says how long the room stays.
func (r *Room) untilClosing() string {
	return "The server closes in " + span(r.countdown.at-r.now.Nanos)
}

// ClosesIn is how many nanoseconds a countdown has to go; 0: there is none.
func (r *Room) ClosesIn() int64 {
	if r.countdown.at == 0 {
		return 0
	}
	return max(r.countdown.at-r.now.Nanos, 1)
}

// tellAll tells everyone who is here something that who comes later need not read.
func (r *Room) tellAll(text string) {
	if len(r.present) == 0 {
		return
	}
	from := r.stage.begin()
	r.stage.lines = screen.AppendLines(r.stage.lines, r.now.Stamp, screen.Announcement, nil, []byte(text), nil)
	r.stage.toAll(from)
}
