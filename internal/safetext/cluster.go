package safetext

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clusters appends runes one by one and knows the cluster that is being built.
type clusters struct {
	out      []byte
	last     runeClass // of the last rune; classBreak at the beginning of a line
	lastRune rune
	stem     runeClass // of the last rune that is no mark and the like
	runes    int       // of the cluster, so far
	marks    int
	joiners  int
	joining  bool // a ZWJ waits for its second pictograph
	pict     bool // last is a pictograph, or a selector or skin tone of one
	halfFlag bool // last is the first of two regional indicators
	cut      bool // the cluster is full: what belongs to it goes
	hasty    bool // it is not known that what is read is in NFC: stop as soon as doubtful
	doubtful bool // what was read, or what was written of NFC, may not be in NFC
	ordered  rune // the rune just read, where its combining class is not 0
}

// text appends s, whose line breaks are '\n'. At its end the cluster is complete.
func (c *clusters) text(s []byte) {
	for at := 0; at < len(s); {
		// All of a run of ASCII but its last byte is as good as written.
		if n := printableASCII(s[at:]); n > 2 {
			c.add(rune(s[at]), classPlain)
			c.out = append(c.out, s[at+1:at+n-1]...)
			c.last, c.ordered = classPlain, 0
			at += n - 1
		}
		r, size := utf8.DecodeRune(s[at:])
		flags := decodedClass(r, size)
		class := runeClass(flags & classMask)
		if class == classDrop {
			// Only NFC itself leaves one here, after thirty marks in a row.
			c.doubtful = c.doubtful || !c.hasty
			at += size
			continue
		}
		c.order(r, flags)
		if c.doubtful && c.hasty {
			return
		}
		switch {
		case class >= classPlain && class != classASCII:
			c.add(r, class)
		case class == classMark || class == classMarkAlone || class == classExtend:
			c.addMark(r, class)
		case class == classBreak:
			c.endLine()
		case class == classTag:
			at += c.tags(s[at:])
			continue
		case class == classZWJ:
			c.joining = c.pict && c.joiners < maxClusterJoiners
			c.doubtful = c.doubtful || !c.joining
		case class == classZWNJ || class == classSelector:
			c.addInvisible(r, class)
		default:
			c.addMapped(r, class)
		}
		at += size
	}
	c.complete()
}

// complete ends the cluster: nothing follows that it could wait for.
func (c *clusters) complete() {
	c.joining = false
	if c.last == classPrepend {
		c.add(dottedCircle, classPlain)
	}
}

// endLine appends a line break.
func (c *clusters) endLine() {
	c.complete()
	*c = clusters{out: append(c.out, '\n'), last: classBreak, hasty: c.hasty, doubtful: c.doubtful}
}

// order keeps an eye on canonical order (UAX #15): in most texts no two marks that have
// one follow each other, and the quick check says yes.
func (c *clusters) order(r rune, flags uint8) {
	if !c.hasty {
		return // it reads NFC
	}
	if flags&flagMaybe != 0 {
		c.doubtful = true
	}
	if flags&flagOrder == 0 {
		c.ordered = 0
		return
	}
	if c.ordered != 0 && c.ordered != r && combiningClass(c.ordered) > combiningClass(r) {
		c.doubtful = true
	}
	c.ordered = r
}

func combiningClass(r rune) uint8 {
	var b [utf8.UTFMax]byte
	return norm.NFC.Properties(b[:utf8.EncodeRune(b[:], r)]).CCC()
}

// addMapped adds what r becomes, a rune that does not stay as it is or is no more
// than itself.
func (c *clusters) addMapped(r rune, class runeClass) {
	switch {
	case class == classBad:
		c.add(utf8.RuneError, classPlain)
	case class == classSpace:
		c.add(' ', classPlain)
	case r == '\t':
		for range len(tabSpaces) {
			c.add(' ', classPlain)
		}
	case r == 0x7f:
		c.add(0x2421, classPlain)
	case class == classASCII:
		c.add(0x2400+r, classPlain)
	default:
		c.add(r, class)
	}
}

// addMark adds a mark, or another rune that needs one before it.
func (c *clusters) addMark(r rune, class runeClass) {
	if c.last == classBreak {
		c.add(dottedCircle, classPlain)
	}
	if class == classExtend {
		c.add(r, class)
		return
	}
	if c.marks == maxClusterMarks && c.attaches(class) {
		return
	}
	c.add(r, class)
	c.marks++
}

// addInvisible adds ZWNJ or a variation selector, where it has a meaning.
func (c *clusters) addInvisible(r rune, class runeClass) {
	ok := c.last == classPict || c.last == classPlain && isKeycapBase(c.lastRune)
	if class == classZWNJ {
		ok = c.stem == classJoining && (c.last == classJoining || c.last == classMark || c.last == classMarkAlone)
	}
	if !ok || c.marks == maxClusterMarks {
		c.doubtful = true // what it stood between may compose now
		return
	}
	c.add(r, class)
	c.marks++
}

func isSkinTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

func isKeycapBase(r rune) bool { return r >= '0' && r <= '9' || r == '#' || r == '*' }

// tags adds the tags that s begins with, where they complete a flag, and returns how
// many bytes of s they are. Other tags go.
func (c *clusters) tags(s []byte) int {
	size, complete := flagTags(s)
	runes := size / utf8.UTFMax
	if !complete || c.lastRune != blackFlag || c.runes+runes > maxClusterRunes || c.cut {
		c.doubtful = true // what they stood between may compose now
		return size
	}
	for at := 0; at < size; at += utf8.UTFMax {
		r, _ := utf8.DecodeRune(s[at:])
		c.add(r, classTag)
	}
	return size
}

// flagTags measures the tags that s begins with, to the end of a flag or of the
// row. They complete a flag where they are those of UTS #51: a region and
// a subdivision, together three to six letters and digits, and the cancel tag.
func flagTags(s []byte) (size int, complete bool) {
	complete = true
	for size < len(s) {
		r, n := utf8.DecodeRune(s[size:])
		if r < firstTag || r > cancelTag {
			break
		}
		size += n
		if r == cancelTag {
			runes := size/n - 1
			return size, complete && runes >= minFlagTags && runes <= maxFlagTags
		}
		complete = complete && (r >= 0xe0030 && r <= 0xe0039 || r >= 0xe0061 && r <= 0xe007a)
	}
	return size, false
}

// attaches says whether a rune of the class continues the cluster (GB6 to GB13 of
// UAX #29).
func (c *clusters) attaches(class runeClass) bool {
	switch class {
	case classMark, classExtend, classSelector, classZWNJ, classTag:
		return true
	}
	if c.last == classPrepend {
		return true
	}
	switch class {
	case classPict:
		return c.joining
	case classRegional:
		return c.last == classRegional && c.halfFlag
	case classL, classLV, classLVT:
		return c.last == classL
	case classV:
		return c.last == classL || c.last == classLV || c.last == classV
	case classT:
		return c.last == classV || c.last == classLV || c.last == classLVT || c.last == classT
	}
	return false
}

// add appends r, to the cluster or as the beginning of the next.
func (c *clusters) add(r rune, class runeClass) {
	need := 1
	if !c.attaches(class) {
		c.runes, c.marks, c.joiners, c.cut = 0, 0, 0, false
	}
	if c.joining && class == classPict {
		need = 2
		c.joiners++
	} else if c.joining {
		c.doubtful = true
	}
	switch {
	case c.cut:
	case c.runes+need > maxClusterRunes:
		c.out = utf8.AppendRune(c.out, utf8.RuneError)
		c.cut = true
	default:
		if need == 2 {
			c.out = utf8.AppendRune(c.out, 0x200d)
		}
		c.out = utf8.AppendRune(c.out, r)
		c.runes += need
	}
	c.joining = false
	c.pict = class == classPict || c.pict && (class == classSelector || isSkinTone(r))
	c.halfFlag = class == classRegional && !(c.last == classRegional && c.halfFlag)
	switch class {
	case classMark, classMarkAlone, classExtend, classSelector, classZWNJ, classTag:
	default:
		c.stem = class
	}
	c.last, c.lastRune = class, r
}
