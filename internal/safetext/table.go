package safetext

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// runeClass says what AppendText does with a rune. The classes are those of
// UAX #29 (Grapheme_Cluster_Break), as far as a cluster's length and marks
// depend on them, together with the rows of the table in AppendText.
type runeClass uint8

const (
	classBad       runeClass = iota // becomes U+FFFD: unassigned, private, noncharacters, C1
	classDrop                       // invisible, or moves and reorders what is around it
	classBreak                      // ends a line
	classSpace                      // becomes a space
	classOther                      // stands for itself, but NFC changes it
	classMark                       // a combining mark that belongs to what is before it
	classMarkAlone                  // a spacing mark that UAX #29 makes a cluster of its own (Myanmar, Ahom)
	classExtend                     // no mark, yet belongs to what is before it: Thai sara am, skin tones
	classPrepend                    // belongs to what is after it: Arabic number signs, repha
	classL                          // Hangul, a leading consonant
	classV                          // Hangul, a vowel
	classT                          // Hangul, a trailing consonant
	classRegional                   // half a flag
	classSelector                   // VS15 and VS16
	classZWJ
	classZWNJ
	classTag

	// From here on classes are plain: between two plain runes there is always a
	// boundary of clusters (UAX #29) and of normalization (UAX #15), so that they
	// need no look at what is around them.
	classPlain
	classASCII   // a control character: becomes its picture, or spaces
	classJoining // a letter of a script that writes ZWNJ
	classPict    // Extended_Pictographic of UTS #51
	classLV      // a Hangul syllable without a trailing consonant
	classLVT     // one with it
)

// What is set beside the class in runeClasses.
const (
	classMask = 0x1f
	// flagMaybe marks what NFC may change or compose with what is before it
	// (NFC_Quick_Check of UAX #15 is not Yes).
	flagMaybe = 0x40
	// flagOrder marks what NFC may reorder (Canonical_Combining_Class is not 0).
	flagOrder = 0x80
)

// tableEnd is the end of what runeClasses holds: planes 0 and 1, where nearly
// all that people write is.
const tableEnd = 0x20000

// runeClasses has the class and flags of every rune below tableEnd. It is
// derived at start (one or two milliseconds) from the tables of unicode and
// x/text, whose version of Unicode is that of the Go release: 15.0 in Go 1.26.
var runeClasses = newRuneClasses()

// runeRanges are ranges of code points, first and last.
type runeRanges [][2]rune

var (
	// droppedRunes are Default_Ignorable_Code_Point (assigned or not), the
	// Egyptian hieroglyph format controls (Cf) and two more that draw nothing:
	// the musical null notehead and the Khitan filler. Plane 14 is in classHigh.
	droppedRunes = runeRanges{
		{0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
		{0x200b, 0x200b}, {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
		{0xfe00, 0xfe0d}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x13430, 0x1343f},
		{0x16fe4, 0x16fe4}, {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159}, {0x1d173, 0x1d17a},
	}
	// blankRunes are no Zs and yet draw nothing but width: the blank Braille
	// pattern and the blank hieroglyphs.
	blankRunes = runeRanges{{0x2800, 0x2800}, {0x13441, 0x13442}}
	// breakRunes are the mandatory breaks of UAX #14 beyond ASCII.
	breakRunes = runeRanges{{0x85, 0x85}, {0x2028, 0x2029}}
	// prependRunes are Grapheme_Cluster_Break=Prepend.
	prependRunes = runeRanges{
		{0x600, 0x605}, {0x6dd, 0x6dd}, {0x70f, 0x70f}, {0x890, 0x891}, {0x8e2, 0x8e2}, {0xd4e, 0xd4e},
		{0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x111c2, 0x111c3}, {0x1193f, 0x1193f}, {0x11941, 0x11941},
		{0x11a3a, 0x11a3a}, {0x11a84, 0x11a89}, {0x11d46, 0x11d46}, {0x11f02, 0x11f02},
	}
	// aloneMarks are the marks that are neither Extend nor SpacingMark.
	aloneMarks = runeRanges{
		{0x102b, 0x102c}, {0x1038, 0x1038}, {0x1062, 0x1064}, {0x1067, 0x106d}, {0x1083, 0x1083}, {0x1087, 0x108c},
		{0x108f, 0x108f}, {0x109a, 0x109c}, {0x1a61, 0x1a61}, {0x1a63, 0x1a64}, {0xaa7b, 0xaa7b}, {0xaa7d, 0xaa7d},
		{0x11720, 0x11721},
	}
	// extendRunes are Extend or SpacingMark without being marks.
	extendRunes = runeRanges{{0xe33, 0xe33}, {0xeb3, 0xeb3}, {0xff9e, 0xff9f}, {0x1f3fb, 0x1f3ff}}
	// pictRunes are Extended_Pictographic, without what is reserved above
	// U+1FAFF; the unassigned ones among them stay bad.
	pictRunes = runeRanges{
		{0xa9, 0xa9}, {0xae, 0xae}, {0x203c, 0x203c}, {0x2049, 0x2049}, {0x2122, 0x2122}, {0x2139, 0x2139},
		{0x2194, 0x2199}, {0x21a9, 0x21aa}, {0x231a, 0x231b}, {0x2328, 0x2328}, {0x2388, 0x2388}, {0x23cf, 0x23cf},
		{0x23e9, 0x23f3}, {0x23f8, 0x23fa}, {0x24c2, 0x24c2}, {0x25aa, 0x25ab}, {0x25b6, 0x25b6}, {0x25c0, 0x25c0},
		{0x25fb, 0x25fe}, {0x2600, 0x2605}, {0x2607, 0x2612}, {0x2614, 0x2685}, {0x2690, 0x2705}, {0x2708, 0x2712},
		{0x2714, 0x2714}, {0x2716, 0x2716}, {0x271d, 0x271d}, {0x2721, 0x2721}, {0x2728, 0x2728}, {0x2733, 0x2734},
		{0x2744, 0x2744}, {0x2747, 0x2747}, {0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755}, {0x2757, 0x2757},
		{0x2763, 0x2767}, {0x2795, 0x2797}, {0x27a1, 0x27a1}, {0x27b0, 0x27b0}, {0x27bf, 0x27bf}, {0x2934, 0x2935},
		{0x2b05, 0x2b07}, {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2b55, 0x2b55}, {0x3030, 0x3030}, {0x303d, 0x303d},
		{0x3297, 0x3297}, {0x3299, 0x3299}, {0x1f000, 0x1f0ff}, {0x1f10d, 0x1f10f}, {0x1f12f, 0x1f12f},
		{0x1f16c, 0x1f171}, {0x1f17e, 0x1f17f}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f1ad, 0x1f1e5},
		{0x1f201, 0x1f20f}, {0x1f21a, 0x1f21a}, {0x1f22f, 0x1f22f}, {0x1f232, 0x1f23a}, {0x1f23c, 0x1f23f},
		{0x1f249, 0x1f3fa}, {0x1f400, 0x1f53d}, {0x1f546, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f774, 0x1f77f},
		{0x1f7d5, 0x1f7ff}, {0x1f80c, 0x1f80f}, {0x1f848, 0x1f84f}, {0x1f85a, 0x1f85f}, {0x1f888, 0x1f88f},
		{0x1f8ae, 0x1f8ff}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1faff},
	}
)

// joiningScripts are the scripts whose spelling needs ZWNJ: those that join
// their letters, and those that stack consonants with a virama.
var joiningScripts = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mandaic, unicode.Mongolian, unicode.Adlam,
	unicode.Hanifi_Rohingya, unicode.Sogdian, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
	unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam,
	unicode.Sinhala, unicode.Tibetan, unicode.Myanmar, unicode.Khmer, unicode.Balinese, unicode.Javanese,
	unicode.Meetei_Mayek, unicode.Syloti_Nagri, unicode.Kaithi, unicode.Chakma, unicode.Tirhuta, unicode.Grantha,
}

// newRuneClasses builds runeClasses, from the general to the particular.
func newRuneClasses() *[tableEnd]uint8 {
	t := new([tableEnd]uint8)
	for _, assigned := range []*unicode.RangeTable{unicode.L, unicode.N, unicode.P, unicode.S} {
		setTable(t, assigned, classPlain)
	}
	for _, script := range joiningScripts {
		eachRune(script, func(r rune) {
			if runeClass(t[r]) == classPlain && unicode.Is(unicode.L, r) {
				t[r] = uint8(classJoining)
			}
		})
	}
	setTable(t, unicode.M, classMark)
	setTable(t, unicode.Zs, classSpace)
	for _, r := range pictRunes {
		for c := r[0]; c <= r[1]; c++ {
			if runeClass(t[c]) == classPlain {
				t[c] = uint8(classPict)
			}
		}
	}
	setRanges(t, runeRanges{{0x1100, 0x115f}, {0xa960, 0xa97c}}, classL)
	setRanges(t, runeRanges{{0x1160, 0x11a7}, {0xd7b0, 0xd7c6}}, classV)
	setRanges(t, runeRanges{{0x11a8, 0x11ff}, {0xd7cb, 0xd7fb}}, classT)
	setRanges(t, runeRanges{{0xac00, 0xd7a3}}, classLVT)
	for r := 0xac00; r <= 0xd7a3; r += 28 {
		t[r] = uint8(classLV)
	}
	setRanges(t, runeRanges{{0x1f1e6, 0x1f1ff}}, classRegional)
	setRanges(t, prependRunes, classPrepend)
	setRanges(t, aloneMarks, classMarkAlone)
	setRanges(t, extendRunes, classExtend)
	setRanges(t, blankRunes, classSpace)
	setRanges(t, droppedRunes, classDrop)
	setRanges(t, breakRunes, classBreak)
	setRanges(t, runeRanges{{0xfe0e, 0xfe0f}}, classSelector)
	t[0x200c], t[0x200d] = uint8(classZWNJ), uint8(classZWJ)
	setRanges(t, runeRanges{{0, 0x1f}, {0x7f, 0x7f}}, classASCII)
	setRanges(t, runeRanges{{'\n', '\r'}}, classBreak)
	t['\t'] = uint8(classASCII)
	setFlags(t)
	return t
}

// inertRunes are those large blocks that NFC leaves alone whatever is around
// them. Asking for each of their letters would take longer than all the rest.
var inertRunes = runeRanges{
	{0x1200, 0x135a}, {0x1400, 0x16ff}, {0x2800, 0x28ff}, {0x3400, 0xa66e}, {0xac00, 0xd7a3}, {0xfb50, 0xfe0f},
	{0x12000, 0x1342f}, {0x14400, 0x16aef}, {0x17000, 0x1bc9d}, {0x1d400, 0x1d7ff}, {0x1f000, 0x1fbff},
}

// setFlags adds what normalization needs to know.
func setFlags(t *[tableEnd]uint8) {
	inert := inertRunes
	var b [8]byte
	for r := rune(0xa0); r < tableEnd; r++ {
		if len(inert) > 0 && r == inert[0][0] {
			r, inert = inert[0][1], inert[1:]
			continue
		}
		switch runeClass(t[r]) {
		case classBad, classDrop, classBreak, classSpace:
			continue
		}
		s := utf8.AppendRune(append(b[:0], 'x'), r)
		if norm.NFC.QuickSpan(s) == len(s) && runeClass(t[r]) >= classPlain {
			continue
		}
		if norm.NFC.Properties(s[1:]).CCC() != 0 {
			t[r] |= flagOrder
		}
		if norm.NFC.QuickSpan(s) < len(s) {
			if runeClass(t[r]&classMask) >= classPlain {
				t[r] = uint8(classOther)
			}
			t[r] |= flagMaybe
		}
	}
}

// normalForms has what NFC always changes (NFC_Quick_Check=No), some 1,700 runes:
// to look one up takes a tenth of the time that normalizing it does.
var normalForms = newNormalForms(runeClasses)

func newNormalForms(t *[tableEnd]uint8) map[rune]string {
	forms := make(map[rune]string, 2048)
	add := func(r rune) {
		if s := string(r); !norm.NFC.IsNormalString(s) {
			forms[r] = norm.NFC.String(s)
		}
	}
	for r, flags := range t {
		if flags&flagMaybe != 0 {
			add(rune(r))
		}
	}
	for r := rune(firstCompatible); r <= lastCompatible; r++ {
		add(r)
	}
	return forms
}

// The compatibility ideographs beyond runeClasses.
const (
	firstCompatible = 0x2f800
	lastCompatible  = 0x2fa1d
)

// classHigh is the class of a rune beyond runeClasses: Han, and the tags and
// selectors of plane 14.
func classHigh(r rune) uint8 {
	switch {
	case r >= 0xe0020 && r <= 0xe007f:
		return uint8(classTag)
	case r >= 0xe0000 && r <= 0xe0fff:
		return uint8(classDrop)
	case r >= firstCompatible && r <= lastCompatible:
		return uint8(classOther) | flagMaybe
	case r < 0x40000 && unicode.Is(unicode.Lo, r):
		return uint8(classPlain)
	}
	return uint8(classBad)
}

// classOf is the class and the flags of any rune.
func classOf(r rune) uint8 {
	if uint32(r) < tableEnd {
		return runeClasses[r]
	}
	return classHigh(r)
}

func setRanges(t *[tableEnd]uint8, ranges runeRanges, c runeClass) {
	for _, r := range ranges {
		for i := r[0]; i <= r[1]; i++ {
			t[i] = uint8(c)
		}
	}
}

func setTable(t *[tableEnd]uint8, table *unicode.RangeTable, c runeClass) {
	eachRune(table, func(r rune) { t[r] = uint8(c) })
}

// eachRune calls f for every rune of the table that is below tableEnd.
func eachRune(table *unicode.RangeTable, f func(r rune)) {
	for _, g := range table.R16 {
		for r := rune(g.Lo); r <= rune(g.Hi); r += rune(g.Stride) {
			f(r)
		}
	}
	for _, g := range table.R32 {
		for r := rune(g.Lo); r <= rune(g.Hi) && r < tableEnd; r += rune(g.Stride) {
			f(r)
		}
	}
}
