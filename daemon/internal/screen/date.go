package screen

import "strconv"

// Date is a day of the Gregorian calendar.
type Date struct {
	Year  int16
	Month uint8 // 1 to 12
	Day   uint8 // 1 to 31
}

var months = [...]string{"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"}

var weekdays = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// AppendDay draws the line that begins a day: "--- Tuesday 24 November 2026".
func AppendDay(dst []byte, d Date) []byte {
	dst = append(dst, dim+"--- "...)
	dst = append(dst, weekdays[d.weekday()]...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(d.Day), 10)
	dst = append(dst, ' ')
	dst = append(dst, months[d.Month-1]...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(d.Year), 10)
	return append(dst, reset+"\n"...)
}

// weekday counts from Sunday, 0 (Sakamoto, comp.lang.c, 1993).
func (d Date) weekday() int {
	y := int(d.Year)
	if d.Month < 3 {
		y--
	}
	offset := [...]int{0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4}[d.Month-1]
	return (y + y/4 - y/100 + y/400 + offset + int(d.Day)) % 7
}
