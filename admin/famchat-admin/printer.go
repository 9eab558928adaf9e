package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/rivo/uniseg"

	"famchat/admin"
	"famchat/internal/safetext"
)

// SGR sequences, the only escape sequences that a printer writes.
const (
	plain = ""
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	reset = "\x1b[0m"
)

// printer is the only way from a command to the screen, or to a pipe. All text is made safe
// for a terminal here, wherever it comes from.
type printer struct {
	out      *bufio.Writer
	err      io.Writer
	terminal bool // out is one
	color    bool // out may be coloured
	errColor bool // err may
}

// line prints a line, in a style.
func (p *printer) line(style, text string) {
	p.write(styled(style, oneLine(text), p.color) + "\n")
}

// oneLine makes a text safe, on one line, and keeps its columns.
func oneLine(text string) string {
	return strings.ReplaceAll(safetext.Text(text), "\n", " ")
}

// linef prints a line, made as fmt.Sprintf does.
func (p *printer) linef(format string, args ...any) { p.line(plain, fmt.Sprintf(format, args...)) }

// fail prints what went wrong. What has been printed before stands before it. Further lines of the
// text are indented, so that none can pass for something else.
func (p *printer) fail(text string) {
	_ = p.flush()
	for i, line := range strings.Split(strings.TrimRight(safetext.Text(text), "\n"), "\n") {
		if i > 0 {
			line = "  " + line
		}
		fmt.Fprintln(p.err, styled(red, line, p.errColor))
	}
}

// prompt prints what is to be answered on the same line.
func (p *printer) prompt(text string) {
	p.write(oneLine(text))
	_ = p.flush()
}

// record prints a record for programs: its fields, with tabs between them.
func (p *printer) record(fields ...string) {
	safe := make([]string, len(fields))
	for i, f := range fields {
		safe[i] = safetext.Line(f)
	}
	p.write(strings.Join(safe, "\t") + "\n")
}

// json prints a value as JSON, on a line.
func (p *printer) json(v any) error {
	doc, err := admin.Marshal(v)
	if err != nil {
		return err
	}
	p.write(string(doc))
	return nil
}

// table prints rows for people: in columns, under a header.
func (p *printer) table(t *table) {
	for i, row := range t.lines() {
		style := plain
		if i == 0 {
			style = bold
		}
		p.write(styled(style, row, p.color) + "\n")
	}
}

// flush hands over what has been printed. An error stays, and is the first.
func (p *printer) flush() error { return p.out.Flush() }

func (p *printer) write(s string) { _, _ = p.out.WriteString(s) } // flush has the error

func styled(style, text string, color bool) string {
	if !color || style == plain || text == "" {
		return text
	}
	return style + text + reset
}

// table is rows in columns.
type table struct {
	header []string
	right  map[int]bool // columns of numbers
	rows   [][]string
}

func newTable(header ...string) *table { return &table{header: header, right: map[int]bool{}} }

// numbers says which columns are aligned to the right.
func (t *table) numbers(columns ...int) *table {
	for _, c := range columns {
		t.right[c] = true
	}
	return t
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// lines returns the header and the rows, safe for a terminal. Cells that do
// not differ in width are as far from each other as two spaces.
func (t *table) lines() []string {
	all := append([][]string{t.header}, t.rows...)
	widths := make([]int, len(t.header))
	for i, row := range all {
		safe := make([]string, len(row))
		for c, cell := range row {
			safe[c] = safetext.Line(cell)
			widths[c] = max(widths[c], uniseg.StringWidth(safe[c]))
		}
		all[i] = safe
	}
	lines := make([]string, len(all))
	for i, row := range all {
		var b strings.Builder
		for c, cell := range row {
			if c > 0 {
				b.WriteString("  ")
			}
			pad := strings.Repeat(" ", widths[c]-uniseg.StringWidth(cell))
			if t.right[c] {
				b.WriteString(pad + cell)
			} else {
				b.WriteString(cell + pad)
			}
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}
