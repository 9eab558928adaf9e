// Package names says what a name may look like, folds it and takes its look-alike
// skeleton: what counts as the same name. The room and the names plugin use it. It
// must not know who is here.
//
// Names are told apart by their skeletons (UTS #39), so that nobody takes a name for
// another; a text mentions somebody by a word that is the name when folded.
//
// Names are those of RFC 8265 (PRECIS), made narrower for a chat: a name is one
// word that a person can read, type and address somebody by.
package names

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/bidirule"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// The limits of a name.
const (
	MinRunes = 2  // of the name in NFC, marks included
	MaxRunes = 30 // of the name in NFC, marks included
	MaxMarks = 4  // on one letter
)

// Why a typed string is no name. Each reads as the end of a sentence:
// "x y" is no name: letters, digits, - _ and . only.
var (
	ErrUTF8       = errors.New("it is not valid UTF-8 text")
	ErrLines      = errors.New("a name is on one line")
	ErrLength     = fmt.Errorf("a name has %d to %d characters", MinRunes, MaxRunes)
	ErrCharacters = errors.New("letters, digits, - _ and . only")
	ErrEnds       = errors.New("it must begin and end with a letter or a digit")
	ErrMarks      = fmt.Errorf("accents go on letters, at most %d on one", MaxMarks)
	ErrDirection  = errors.New("letters read from right to left go with others of that kind only, and come first")
	ErrLetters    = errors.New("some of its letters are not for names; use everyday ones")
	ErrYou        = errors.New(`"you" is what you are called on your own screen`)
)

// you is what the screen calls its reader, so nobody else may be called that.
const you = "you"

// maxFoldBytes bounds the word that AppendFold looks at: MaxRunes characters of
// which each is a letter with MaxMarks marks, none composed.
const maxFoldBytes = MaxRunes * (1 + MaxMarks) * utf8.UTFMax

// Check takes what a person typed and returns the name as it is shown: without
// the white space around it and in NFC. Where that is no name, the error is one of
// those above.
//
// A name has MinRunes to MaxRunes characters: letters with their marks (not
// more than MaxMarks on one), decimal digits, '-', '_' and '.'. It begins with a
// letter or digit and ends with one, or with its marks. Nothing in it is
// invisible, and the profiles UsernameCasePreserved and UsernameCaseMapped of
// RFC 8265 accept it.
func Check(typed string) (name string, err error) {
	if !utf8.ValidString(typed) {
		return "", ErrUTF8
	}
	typed = strings.TrimSpace(typed)
	if strings.ContainsAny(typed, "\n\r\v\f\u0085\u2028\u2029") {
		return "", ErrLines
	}
	if len(typed) > maxFoldBytes {
		return "", ErrLength
	}
	name = norm.NFC.String(typed)
	if n := utf8.RuneCountInString(name); n < MinRunes || n > MaxRunes {
		return "", ErrLength
	}
	if err := checkForm(name); err != nil {
		return "", err
	}
	if err := checkProfile(name); err != nil {
		return "", err
	}
	if Fold(name) == you {
		return "", ErrYou
	}
	return name, nil
}

// checkForm checks which characters stand where.
func checkForm(name string) error {
	var last rune // the last one that is no mark
	marks := 0
	first := true
	var misplaced error
	for _, r := range name {
		switch {
		case !IsNameRune(r):
			return ErrCharacters // said first: it is what to change first
		case isMark(r):
			marks++
			if !unicode.IsLetter(last) || marks > MaxMarks {
				misplaced = ErrMarks
			}
			continue
		case first && isPunctuation(r):
			misplaced = ErrEnds
		}
		last, marks, first = r, 0, false
	}
	if misplaced == nil && isPunctuation(last) {
		return ErrEnds
	}
	return misplaced
}

// checkProfile asks PRECIS, for the name as it is shown and as it is compared.
func checkProfile(name string) error {
	if isASCII(name) {
		return nil // printable ASCII is valid in every profile (RFC 8264, section 9.11)
	}
	for _, profile := range []*precis.Profile{precis.UsernameCasePreserved, precis.UsernameCaseMapped} {
		enforced, err := profile.String(name)
		if errors.Is(err, bidirule.ErrInvalid) {
			return ErrDirection
		}
		if err != nil {
			return ErrLetters
		}
		if err := checkForm(enforced); err != nil {
			return ErrLetters
		}
	}
	return nil
}

// IsNameRune says whether r may stand in a name: a letter, a mark, a decimal
// digit, '-', '_' or '.'. Words of a text that may be names are cut by it.
// Letters and marks that draw nothing (Default_Ignorable_Code_Point) are not
// among them, nor are marks that enclose.
func IsNameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIIName(byte(r)) && r >= 0
	}
	if isCommon(r) {
		return true
	}
	return unicode.In(r, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && r != combiningJoiner
}

// combiningJoiner is a mark that draws nothing.
const combiningJoiner = 0x34f

func isMark(r rune) bool        { return r >= utf8.RuneSelf && unicode.In(r, unicode.Mn, unicode.Mc) }
func isPunctuation(r rune) bool { return r == '-' || r == '_' || r == '.' }

func isASCIIName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
