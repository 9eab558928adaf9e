package main

import (
	"path/filepath"

	"github.com/peterh/liner"

	"famchat/internal/folders"
	"famchat/internal/history"
)

const historyName = "admin-history"

// past is what was typed in consoles, in a file that only its user can read: there may
// be what somebody was told.
type past struct {
	file *history.File // nil where there is no place for it
	err  error         // what went wrong, until it was said
}

// openPast gives the console what was typed before.
func openPast(getenv func(string) string, line *liner.State) *past {
	p := &past{}
	folder, err := folders.State(getenv)
	if err != nil {
		return p
	}
	p.file, p.err = history.Open(filepath.Join(folder, historyName))
	for _, l := range p.file.Lines() {
		line.AppendHistory(oneLine(l)) // somebody may have put something there
	}
	return p
}

// add keeps a line, at once: nothing is lost when the console is killed, and several may
// be open. What goes wrong is returned once.
func (p *past) add(text string) error {
	if p.file != nil {
		p.err = p.file.Add([]string{text})
	}
	err := p.err
	if err != nil {
		p.file, p.err = nil, nil
	}
	return err
}
