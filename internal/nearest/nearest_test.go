package nearest

import (
	"slices"
	"testing"
)

func TestNearestWordsAreThoseThatWereMeant(t *testing.T) {
	tests := []struct {
		word  string
		known []string
		want  []string
	}{
		{"dda", []string{"dad", "leo", "mum"}, []string{"dad"}},
		{"dad", []string{"dad", "dan"}, []string{"dad"}},
		{"dax", []string{"dad", "dan", "dao", "day"}, []string{"dad", "dan", "dao"}},
		{"hlep", []string{"bell", "help", "quit"}, []string{"help"}},
		{"christofer", []string{"christopher"}, []string{"christopher"}},
		{"ab", []string{"cd"}, nil},
		{"xyz", []string{"anna"}, nil},
		{"नीत", []string{"नीता"}, []string{"नीता"}},
		{"", []string{"a", "anna"}, []string{"a"}},
		{"anna", nil, nil},
	}
	for _, test := range tests {
		f := New(test.word)
		for _, k := range test.known {
			f.Try(k)
		}
		if got := f.Best(); !slices.Equal(got, test.want) {
			t.Errorf("nearest to %q of %q: got %q, want %q", test.word, test.known, got, test.want)
		}
	}
}

func TestDistanceIsSymmetric(t *testing.T) {
	words := []string{"dad", "dda", "add", "da", "dads", "mum", "christopher", "christofer", ""}
	for _, a := range words {
		for _, b := range words {
			if there, back := New(a).distance(b), New(b).distance(a); there != back && min(there, back) <= 1 {
				t.Errorf("from %q to %q is %d, back %d", a, b, there, back)
			}
		}
	}
}
