package main

import (
	"fmt"
	"strings"
	"testing"
)

// The window of an xterm may change its size at any time.
func TestResizeWhileTypingInXterm(t *testing.T) {
	v := newVisit(t, newXterm, 80, 15)
	for i, size := range [][2]int{{20, 15}, {80, 15}, {32, 10}, {52, 20}, {20, 12}, {60, 9}, {24, 24}, {80, 24}} {
		v.listens(1, 3*i)
		v.p.types(fmt.Sprintf("W%d日本 ", i))
		v.resize(size[0], size[1], i%2 == 0)
		v.catchesUp(i%3 == 1)
	}
	v.sends()
	v.catchesUp(true)
}

// The edge of the window is dragged to and fro faster than anything is drawn: no
// piece of the input is left behind.
func TestWindowDraggedInXterm(t *testing.T) {
	v := newVisit(t, newXterm, 80, 24)
	v.listens(5, 0)
	v.p.types(strings.Repeat("HELLO ", 14))
	input := v.catchesUp(true)
	for range 4 {
		for width := 80; width > 24; width -= 4 {
			v.p.setSize(width, 24)
		}
		for width := 24; width < 80; width += 4 {
			v.p.setSize(width, 24)
		}
	}
	v.p.resize(80, 24)
	v.p.await(">"+input, func(lines []string) bool {
		now, ok := v.read(lines, v.from, false)
		return ok && now == input
	})
}
