package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// parse returns the root of the one document in data. It is nil where there is
// none, or where it cannot be read, which is reported.
func (d *decoder) parse(data []byte) *yaml.Node {
	if len(data) > MaxFileBytes {
		d.add(0, "", "expected at most %d bytes, found more; is this the right file?", MaxFileBytes)
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if line, problem := badText(data); problem != "" {
		d.add(line, "", "%s", problem)
		return nil
	}
	document, second, err := readTree(bytes.NewReader(data))
	if err != nil {
		line, problem := explain(data, err)
		d.add(line, "", "%s", problem)
		return nil
	}
	if second != nil {
		d.add(second.Line, "", "expected one document, found a second one; remove the line --- and what follows it")
	}
	if document == nil || len(document.Content) == 0 {
		return nil
	}
	return document.Content[0]
}

// badText looks for the first byte that is no text, and says on which line it
// stands and what is wrong with it.
//
// Line breaks other than LF and CR are refused because YAML counts them as line
// breaks and editors do not: the lines of all later problems would be wrong.
func badText(data []byte) (line int, problem string) {
	line = 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return line, fmt.Sprintf("expected text in UTF-8, found the byte 0x%02x; save the file as UTF-8", data[i])
		case r == '\n', r == '\r' && (i+1 == len(data) || data[i+1] != '\n'):
			line++
		case r == '\t', r == '\r':
		case r < ' ', r >= 0x7f && r <= 0x9f, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
			return line, fmt.Sprintf("expected text, found the control character U+%04X; remove it", r)
		}
		i += size
	}
	return line, ""
}

// readTree reads the first document of r, and the second if there is one.
// It makes a panic of the parser an error: its input is whatever people write.
func readTree(r io.Reader) (document, second *yaml.Node, err error) {
	defer func() {
		if v := recover(); v != nil {
			document, second, err = nil, nil, fmt.Errorf("yaml: %v", v)
		}
	}()
	decoder := yaml.NewDecoder(r)
	next := func() (*yaml.Node, error) {
		var n yaml.Node
		switch err := decoder.Decode(&n); {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return nil, err
		}
		return &n, nil
	}
	if document, err = next(); err != nil || document == nil {
		return nil, nil, err
	}
	second, err = next()
	return document, second, err
}

// where says how the line of a syntax error is found.
type where int

const (
	// atScan: the scanner's line, which the parser gives counted from 1.
	atScan where = iota
	// atStart: the line where the unfinished thing begins, counted from 0.
	atStart
	// atBreak: the parser gives the beginning of the whole mapping or no line;
	// the line wanted is the first that makes the error.
	atBreak
)

// syntax are the parser's messages, by how they begin, and what they mean to
// somebody who does not know the grammar of YAML by heart.
var syntax = []struct {
	message string
	where   where
	say     string
}{
	{"did not find expected key", atBreak, "expected a key in line with those above it; check the indentation and the quotes"},
	{"did not find expected '-' indicator", atBreak, "expected another - in line with those above it; check the indentation"},
	{"did not find expected ',' or ']'", atStart, "the list that begins here lacks a comma or its ]"},
	{"did not find expected ',' or '}'", atStart, "the { that stands here lacks a comma between its settings or its }"},
	{"did not find expected <document start>", atStart, "expected keys and values, such as `name: value`"},
	{"did not find expected node content", atStart, "expected a value"},
	{"found undefined tag handle", atStart, "found a tag; tags are not accepted, write the value alone or in quotes"},
	{"found duplicate %", atStart, "found a directive; lines that begin with % are not accepted"},
	{"found incompatible YAML document", atStart, "found a directive; lines that begin with % are not accepted"},
	{"unknown anchor", atBreak, "found an alias; anchors and aliases are not accepted, write the value out or, if it begins with *, put it in quotes"},
	{"mapping values are not allowed", atScan, "expected no colon here; check the indentation and the line above, and put a text that holds a colon in quotes"},
	{"found character that cannot start any token", atScan, "a value cannot begin with this character; indent with spaces, not tabs, and put a text that begins with @, % or ` in quotes"},
	{"found a tab character", atScan, "found a tab; indent with spaces"},
	{"could not find expected ':'", atScan, "expected a colon and a space after the key"},
	{"found unexpected end of stream", atScan, "the quotes that open here are not closed"},
	{"found unknown escape character", atScan, `unknown escape in double quotes; write \\ for a backslash, or use single quotes`},
	{"internal error", atBreak, "this cannot be read; is a comment or an indentation out of place?"},
}

// reParse takes the parser's message apart.
var reParse = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// explain says on which line of data the parser failed, 0 if that is unknown,
// and what is to be done about it.
func explain(data []byte, err error) (line int, problem string) {
	_, message := takeApart(err)
	at, problem := atScan, "not valid YAML: "+shorten(message)
	for _, s := range syntax {
		if len(message) >= len(s.message) && message[:len(s.message)] == s.message {
			at, problem = s.where, s.say
			break
		}
	}
	if at == atBreak {
		return breakLine(data, message), problem
	}
	// The parser takes a mark on its line 0 for no mark. With an empty line
	// before it nothing stands there.
	_, _, err = readTree(io.MultiReader(strings.NewReader("\n"), bytes.NewReader(data)))
	line, _ = takeApart(err)
	if at == atScan {
		line--
	}
	// What is missing at the end is missing on the last line, not after it.
	last, _ := badText(bytes.TrimRight(data, "\r\n"))
	return min(max(line, 0), last), problem
}

// takeApart returns the line in the parser's error, 0 where it has none, and
// what follows it.
func takeApart(err error) (line int, message string) {
	if err == nil {
		return 0, ""
	}
	m := reParse.FindStringSubmatch(err.Error())
	if m == nil {
		return 0, err.Error()
	}
	line, _ = strconv.Atoi(m[1])
	return line, m[2]
}

// breakLine returns the first line of data that makes the parser fail with this
// message: the beginning of data up to it fails so, and anything shorter does
// not. The parser reads a line or a few ahead of where it fails, so that the
// search goes back from how far it had read.
func breakLine(data []byte, message string) int {
	lines := bytes.SplitAfter(data, []byte("\n"))
	r := lineReader{lines: lines}
	_, _, _ = readTree(&r)
	read := len(lines) - len(r.lines)

	ends := make([]int, read+1) // ends[n] is the length of the first n lines
	for n := range read {
		ends[n+1] = ends[n] + len(lines[n])
	}
	fails := func(n int) bool {
		_, _, err := readTree(bytes.NewReader(data[:ends[n]]))
		_, found := takeApart(err)
		return found == message
	}
	good, step := read, 1
	for good > 0 && fails(good) {
		good = max(good-step, 0)
		step *= 2
	}
	return good + 1 + sort.Search(read-good-1, func(i int) bool { return fails(good + 1 + i) })
}

// lineReader reads lines one at a time, and so knows how many were wanted.
type lineReader struct {
	lines [][]byte // those not yet read
	rest  []byte   // of the last that was
}

func (r *lineReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if len(r.lines) == 0 {
			return 0, io.EOF
		}
		r.rest, r.lines = r.lines[0], r.lines[1:]
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
