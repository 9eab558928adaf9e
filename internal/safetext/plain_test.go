package safetext

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// plainText is AppendText written to be right and not fast: no table, no
// stretches, and uniseg says what a cluster is.
func plainText(s string) string {
	s = string([]rune(s))
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		var b strings.Builder
		for _, r := range line {
			b.WriteString(plainRune(r))
		}
		lines[i] = norm.NFC.String(plainClusters(norm.NFC.String(b.String())))
	}
	return strings.Join(lines, "\n")
}

func plainRune(r rune) string {
	zeroWidth := r == 0x200c || r == 0x200d || r == 0xfe0e || r == 0xfe0f || r >= 0xe0020 && r <= 0xe007f
	switch {
	case zeroWidth || unicode.In(r, prepended):
		return string(r)
	case r == '\t':
		return "    "
	case r < 0x20:
		return string(0x2400 + r)
	case r == 0x7f:
		return "␡"
	case unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector), r >= 0xe0000 && r <= 0xe0fff,
		r == 0x16fe4, r == 0x1d159, r == 0x180f:
		return ""
	case unicode.Is(unicode.Zs, r), r == 0x2800, r == 0x13441, r == 0x13442:
		return " "
	case assigned(r):
		return string(r)
	}
	return "\ufffd"
}

// graphemeProperty is uniseg's, which it gives away in its state.
func graphemeProperty(r rune) int {
	_, _, _, state := uniseg.FirstGraphemeClusterInString(string(r), -1)
	return state >> 4
}

var (
	extend      = graphemeProperty(0x301)
	spacingMark = graphemeProperty(0x903)
	prepend     = graphemeProperty(0x600)
	pictograph  = graphemeProperty(0x1f600)
)

// plainFlag is the region and subdivision of a flag, in tags.
var plainFlag = regexp.MustCompile("^[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}$")

func plainClusters(line string) string {
	var out, cluster []rune // cluster: the one being built, with what a cut takes from it
	var runes, marks, joiners int
	cut, joining := false, false
	last := func() rune {
		if len(cluster) == 0 {
			return -1
		}
		return cluster[len(cluster)-1]
	}
	put := func(rs ...rune) {
		joined := string(cluster) + string(rs)
		_, rest, _, _ := uniseg.FirstGraphemeClusterInString(joined, -1)
		if rest != "" || len(cluster) == 0 {
			cluster, runes, marks, joiners, cut = nil, 0, 0, 0, false
		}
		cluster = append(cluster, rs...)
		switch {
		case cut:
		case runes+len(rs) > 24:
			out, cut = append(out, 0xfffd), true
		default:
			out, runes = append(out, rs...), runes+len(rs)
		}
	}
	in := []rune(line)
	stem := rune(-1)
	for i := 0; i < len(in); i++ {
		r := in[i]
		p := graphemeProperty(r)
		mark := unicode.Is(unicode.M, r)
		attaching := p == extend || p == spacingMark
		switch {
		case r == 0x34f: // NFC puts it into long rows of marks
			continue
		case r == 0x200d:
			joining = endsInPictograph(cluster) && joiners < 6
			continue
		case r == 0x200c:
			l := last()
			if l < 0 || marks == 4 || !(unicode.Is(unicode.M, l) && l != 0xfe0f && l != 0xfe0e || unicode.Is(unicode.L, l) && graphemeProperty(l) != extend && graphemeProperty(l) != spacingMark) || !unicode.In(stem, joiningScripts...) || !unicode.Is(unicode.L, stem) || graphemeProperty(stem) == prepend {
				continue
			}
			put(r)
			marks++
		case r == 0xfe0e || r == 0xfe0f:
			l := last()
			if marks == 4 || !(l >= 0 && graphemeProperty(l) == pictograph || l >= 0 && strings.ContainsRune("0123456789#*", l)) {
				continue
			}
			put(r)
			marks++
		case r >= 0xe0020 && r <= 0xe007f:
			n := 0
			for i+n < len(in) && in[i+n] >= 0xe0020 && in[i+n] < 0xe007f {
				n++
			}
			tags := string(in[i : i+n])
			if i+n < len(in) && in[i+n] == 0xe007f {
				n++
				if last() == 0x1f3f4 && plainFlag.MatchString(tags) && runes+n <= 24 && !cut {
					for _, tag := range in[i : i+n] {
						put(tag)
					}
					joining = false
				}
			}
			i += n - 1
			continue
		case mark || attaching:
			if len(cluster) == 0 {
				put(0x25cc)
			}
			_, rest, _, _ := uniseg.FirstGraphemeClusterInString(string(cluster)+string(r), -1)
			if mark && marks == 4 && rest == "" {
				continue
			}
			put(r)
			if mark {
				marks++
			}
		case joining && p == pictograph:
			put(0x200d, r)
			joiners++
			stem = r
		default:
			put(r)
			stem = r
		}
		joining = false
	}
	if l := last(); l >= 0 && graphemeProperty(l) == prepend {
		put(0x25cc)
	}
	return string(out)
}

// endsInPictograph says whether the cluster ends in a pictograph, or in a
// selector or a skin tone of one.
func endsInPictograph(cluster []rune) bool {
	for i := len(cluster) - 1; i >= 0; i-- {
		switch r := cluster[i]; {
		case r == 0xfe0e, r == 0xfe0f, r >= 0x1f3fb && r <= 0x1f3ff:
		default:
			return graphemeProperty(r) == pictograph
		}
	}
	return false
}
