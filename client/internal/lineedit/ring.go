package lineedit

// maxRing is how many of the last lines are kept, to paint the screen again and
// to complete words.
const maxRing = 200

// A ring is the last lines that were printed, the oldest first.
type ring struct {
	lines []string
}

func (r *ring) add(lines []string) {
	r.lines = append(r.lines, lines...)
	if n := len(r.lines); n > maxRing {
		kept := copy(r.lines, r.lines[n-maxRing:])
		clear(r.lines[kept:])
		r.lines = r.lines[:kept]
	}
}

// last returns the last lines, as many as fit into height rows of a terminal so
// many cells wide.
func (r *ring) last(height, width int) []string {
	from := len(r.lines)
	for from > 0 {
		height -= rowsOf(r.lines[from-1], width)
		if height < 0 {
			break
		}
		from--
	}
	return r.lines[from:]
}

// rowsOf returns how many rows a line takes at most, by the widest it can be.
func rowsOf(l string, width int) int {
	l = unstyled(l)
	rows, used := 1, 0
	for l != "" {
		var cluster string
		cluster, l = cut(l)
		most, _ := cells(cluster)
		if used += most; used > width {
			rows++
			used = most
		}
	}
	return rows
}
