// Package nearest finds the words that somebody may have meant by one that is
// not known. It knows nothing of what the words stand for.
package nearest

// Finder looks for the words nearest to one, by edit distance: how many letters
// to insert, delete, replace or swap with their neighbour (optimal string
// alignment).
type Finder struct {
	word []rune
	most int // the distance of best, or the largest one that still counts
	best []string
	rows [3][]int
}

// maxFound is how many words at the same distance are worth naming.
const maxFound = 3

// New returns a Finder for word. Of short words only one letter may be wrong, of
// longer ones two.
func New(word string) *Finder {
	f := &Finder{word: []rune(word), most: 2}
	if len(f.word) < 4 {
		f.most = 1
	}
	for i := range f.rows {
		f.rows[i] = make([]int, len(f.word)+1)
	}
	return f
}

// Try considers a word. Of those equally near the first tried come first.
func (f *Finder) Try(candidate string) {
	d := f.distance(candidate)
	if d > f.most {
		return
	}
	if d < f.most {
		f.most, f.best = d, f.best[:0]
	}
	if len(f.best) < maxFound {
		f.best = append(f.best, candidate)
	}
}

// Best returns the nearest of the words tried, at most three, or none.
func (f *Finder) Best() []string { return f.best }

// distance gives up, with more than f.most, as soon as it cannot be less.
func (f *Finder) distance(candidate string) int {
	far := f.most + 1
	// A rune has at most four bytes.
	if len(candidate) > 4*(len(f.word)+f.most) {
		return far
	}
	before, last, row := f.rows[0], f.rows[1], f.rows[2]
	for j := range last {
		last[j] = j
	}
	i, previous := 0, rune(0)
	for _, r := range candidate {
		i++
		row[0] = i
		least := i
		for j, w := range f.word {
			cost := 1
			if r == w {
				cost = 0
			}
			d := min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 1 && j > 0 && r == f.word[j-1] && previous == w {
				d = min(d, before[j-1]+1)
			}
			row[j+1] = d
			least = min(least, d)
		}
		if least > f.most {
			return far
		}
		before, last, row = last, row, before
		previous = r
	}
	return last[len(f.word)]
}
