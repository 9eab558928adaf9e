package names

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./gen gen/confusables.txt confusables.go

// Skeleton is what a name looks like, in three forms of which some may be equal: the
// name as it is written, the same with a capital I for an i and no l, and the name as
// it is folded, each with every character replaced by the one it is taken for. Names
// are told apart by it; see Alike. What is in it is for comparing, not for showing.
//
// The replacing is the skeleton of UTS #39, section 4, in lower case, with two
// differences: Latin m and rn are told apart (tom and torn are two people), and
// small Cyrillic em is taken for m, as its capital is.
type Skeleton [3]string

// SkeletonOf returns the skeleton of a name. No form is empty for what Check
// accepts, and names that Fold makes equal have the last in common. For
// an ASCII name of up to MaxRunes it allocates at most twice.
func SkeletonOf(name string) Skeleton {
	if s, ok := skeletonASCII(name); ok {
		return s
	}
	return skeletonUnicode(name)
}

// skeletonUnicode is SkeletonOf the long way.
func skeletonUnicode(name string) Skeleton {
	written, capitals := skeleton(name, false)
	s := Skeleton{written, written, written}
	if capitals {
		s[1], _ = skeleton(name, true)
	}
	if folded := Fold(name); folded != name {
		s[2], _ = skeleton(folded, false)
	}
	return s
}

// Alike reports whether two names look alike: whether they have a form in common.
// It is not transitive: Ivan is like ivan and like lvan, which are not like each
// other.
func (s Skeleton) Alike(other Skeleton) bool {
	for _, form := range s {
		if slices.Contains(other[:], form) {
			return true
		}
	}
	return false
}

// skeletonASCII is SkeletonOf for a short name of ASCII.
func skeletonASCII(name string) (Skeleton, bool) {
	var written, folded [MaxRunes]byte
	if len(name) > MaxRunes {
		return Skeleton{}, false
	}
	for i := range len(name) {
		c := name[i]
		if c >= utf8.RuneSelf || lookalikesASCII[c] == 0 {
			return Skeleton{}, false
		}
		written[i] = lookalikesASCII[c]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		folded[i] = lookalikesASCII[c]
	}
	first, last := name, name
	if string(written[:len(name)]) != name {
		first = string(written[:len(name)])
	}
	switch string(folded[:len(name)]) {
	case first:
		last = first
	case name:
	default:
		last = string(folded[:len(name)])
	}
	return Skeleton{first, last, last}, true
}

// skeleton replaces each character by the one it is taken for; with asI, a capital
// that is taken for l by its small letter. It reports whether there is such a
// capital. The table is closed: in what comes out there is nothing to replace.
func skeleton(s string, asI bool) (replaced string, capitals bool) {
	var b [4 * MaxRunes]byte
	dst := b[:0]
	for _, c := range norm.NFD.String(s) {
		to, found := lookalike(c)
		capital := to == "l" && isCapitalI(c)
		capitals = capitals || capital
		if found && !(asI && capital) {
			dst = append(dst, to...)
			continue
		}
		if isIgnorable(c) {
			continue
		}
		if lower := unicode.ToLower(c); lower != c {
			if to, found := lookalike(lower); found {
				dst = append(dst, to...)
				continue
			}
			c = lower
		}
		dst = utf8.AppendRune(dst, c)
	}
	// Marks that were replaced may be out of order.
	if norm.NFD.IsNormal(dst) {
		return string(dst), capitals
	}
	return string(norm.NFD.Bytes(dst)), capitals
}

// isCapitalI says whether c is the capital of what is taken for i.
func isCapitalI(c rune) bool {
	lower := unicode.ToLower(c)
	to, _ := lookalike(lower)
	return lower != c && (lower == 'i' || to == "i")
}

// lookalike returns what a character is taken for, where that is another one.
func lookalike(c rune) (prototype string, found bool) {
	i, found := slices.BinarySearch(lookalikes[:], uint32(c))
	if !found {
		return "", false
	}
	at := int(prototypesAt[i])
	return prototypes[at+1 : at+1+int(prototypes[at])], true
}

// isIgnorable says whether c has the property Default_Ignorable_Code_Point, as
// DerivedCoreProperties.txt derives it.
func isIgnorable(c rune) bool {
	switch {
	case c < 0xad:
		return false
	case unicode.In(c, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return true
	case !unicode.Is(unicode.Cf, c):
		return false
	case c >= 0xfff9 && c <= 0xfffb, c >= 0x13430 && c <= 0x13440:
		return false
	}
	return !unicode.Is(unicode.Prepended_Concatenation_Mark, c)
}
