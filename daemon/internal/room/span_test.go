package room

import (
	"testing"
	"time"
)

func TestASpanNamesTheTwoLargestUnits(t *testing.T) {
	for _, test := range []struct {
		d    time.Duration
		want string
	}{
		{-time.Hour, "1 second"}, {0, "1 second"}, {1, "1 second"}, {time.Second, "1 second"}, {1001 * time.Millisecond, "2 seconds"},
		{time.Minute, "1 minute"}, {61 * time.Second, "1 minute 1 second"}, {59*time.Minute + 59*time.Second + 1, "1 hour"},
		{time.Hour + time.Second, "1 hour"}, {time.Hour + 2*time.Minute + 3*time.Second, "1 hour 2 minutes"},
		{51 * time.Hour, "2 days 3 hours"}, {24*time.Hour + time.Minute, "1 day"},
	} {
		if got := span(int64(test.d)); got != test.want {
			t.Errorf("%v: got %q, want %q", test.d, got, test.want)
		}
	}
}
