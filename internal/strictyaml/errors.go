package strictyaml

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Error is one problem of a file. It reads FILE:LINE: PATH: MESSAGE.
type Error struct {
	File    string
	Line    int    // counted from 1; 0 where the whole file is meant
	Path    string // the key, such as limits.backlog; "" where it has none
	Message string // what was expected, what was found, what to do
}

// Error returns the problem on one line.
func (e Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

// Errors are all problems of a file, in the order of their lines.
type Errors []Error

// Error returns the problems, one on each line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems one by one, for errors.As.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i := range e {
		errs[i] = e[i]
	}
	return errs
}

// maxQuoted is how many characters of a file's text a message repeats.
const maxQuoted = 40

// quote puts what stands in a file into a message: short, on one line and
// without anything that a terminal would obey.
func quote(s string) string {
	return strconv.Quote(shorten(s))
}

func shorten(s string) string {
	for i := range s {
		if utf8.RuneCountInString(s[:i]) == maxQuoted {
			return s[:i] + "..."
		}
	}
	return s
}

// join returns the path of a key under path. A key that is no plain word is
// quoted.
func join(path, key string) string {
	for _, r := range key {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			key = quote(key)
			break
		}
	}
	if key == "" {
		key = `""`
	}
	if key = shorten(key); path == "" {
		return key
	}
	return path + "." + key
}

// index returns the path of an item of the list at path.
func index(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}

// describe says what a node is, for "found …".
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.Tag {
	case tagNull:
		if n.Value == "" {
			return "nothing"
		}
		return quote(n.Value)
	case tagBool:
		return n.Value
	case tagInt, tagFloat:
		return "the number " + shorten(n.Value)
	}
	return "the text " + quote(n.Value)
}
