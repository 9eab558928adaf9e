package daemon

import (
	"time"

	"famchat/daemon/internal/screen"
)

// clock tells the civil time, and works it out once a minute.
type clock struct {
	minute int64 // since 1970
	last   screen.Stamp
}

func (c *clock) stamp() screen.Stamp {
	now := time.Now()
	if minute := now.Unix() / 60; minute != c.minute {
		c.minute = minute
		year, month, day := now.Date()
		c.last = screen.Stamp{
			Date:   screen.Date{Year: int16(year), Month: uint8(month), Day: uint8(day)},
			Minute: int16(60*now.Hour() + now.Minute()),
		}
	}
	return c.last
}
