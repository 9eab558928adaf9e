package daemon_test

import (
	"context"
	"maps"
	"testing"
)

func TestStatsCountEveryEndByItsReason(t *testing.T) {
	c := withoutRates()
	c.Limits.NamesTried = 1
	s := start(t, c)
	mum, anna := s.join("mum"), s.join("anna")
	anna.say("")
	mum.wait("anna left")
	s.connect().say("x")
	want := map[string]uint64{"left": 1, "names_tried": 1}
	eventually(t, "both ends are counted", func() bool {
		got, err := s.Stats(context.Background())
		return err == nil && maps.Equal(got.Ended, want) && got.Accepted == 3 && got.BytesWritten > 0 && got.Turns > 0
	})
	s.stop()
	if got, err := s.Stats(context.Background()); err != nil || got.Accepted != 3 || got.LongestTurn <= 0 {
		t.Errorf("after it has stopped: got %+v, %v", got, err)
	}
}
