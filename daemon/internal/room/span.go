package room

import "strconv"

// span says how long something is, in whole seconds, rounded up, of which it names the two largest units: "2 days
// 3 hours", "9 minutes 30 seconds", "1 second".
func span(nanos int64) string {
	seconds := max((nanos+nanosASecond-1)/nanosASecond, 1)
	text, more := "", 2
	for _, u := range [...]struct {
		seconds int64
		name    string
	}{{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}} {
		n := seconds / u.seconds
		if n == 0 || more == 0 {
			if text != "" {
				break
			}
			continue
		}
		if text != "" {
			text += " "
		}
		text += strconv.FormatInt(n, 10) + " " + u.name
		if n > 1 {
			text += "s"
		}
		seconds -= n * u.seconds
		more--
	}
	return text
}
