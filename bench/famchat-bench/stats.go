package main

import (
	"math"
	"slices"
	"time"
)

// median returns the middle value, or the mean of the two in the middle. It is
// NaN where there is none. It leaves values as they are.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// percentile returns the smallest value that at least p per cent of sorted, an
// ascending list, do not exceed (the nearest-rank definition); 0 where sorted is
// empty. p is over 0 and at most 100.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// ratios divides each value by the one of the same round.
func ratios(values, by []float64) []float64 {
	n := min(len(values), len(by))
	out := make([]float64, n)
	for i := range n {
		out[i] = values[i] / by[i]
	}
	return out
}

// schedule is an open-loop schedule: message i is due at a fixed time, however
// late the ones before it were. What is late is late for the receiver too, so
// latency is counted from the due time.
type schedule struct {
	first    time.Duration // when message 0 is due
	interval time.Duration
}

// due returns when message i is due.
func (s schedule) due(i int) time.Duration {
	return s.first + time.Duration(i)*s.interval
}

// ready says how many messages are due at now.
func (s schedule) ready(now time.Duration) int {
	if now < s.first {
		return 0
	}
	return int((now-s.first)/s.interval) + 1
}
