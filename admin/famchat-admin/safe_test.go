package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"famchat/admin"
	"famchat/internal/safetext"
)

// evil is what no text of a stranger's may do to a terminal (row 13 of what must hold): move the
// cursor, set its title, write its clipboard, reorder, hide, stack, forge a record.
const evil = "\x1b[2J\x1b]0;title\a\x1b]52;c;aGk=\x1b\\\x1bPq\x1b\\\u009b31m\x9b31m\r\b\x7f\u202eabc\u2066\u200b\ufeff\U000e0041\u2028\u0085\t\nx\xff" +
	"Z\u0316\u0316\u0316\u0316\u0316\u0316"

// stranger is a daemon whose every text is evil.
func stranger() *memory {
	m := family()
	m.members = []admin.Member{{ID: 1, Name: "anna" + evil, Address: "unix" + evil, Muted: true}}
	m.bans = []admin.Ban{{Name: evil, Reason: evil}, {Address: evil, Reason: evil}}
	m.plugins = []admin.Plugin{{Name: "names" + evil, Version: evil, State: evil, Hooks: []string{evil}}}
	return m
}

// sequences are those that a printer writes itself, for colours and for top.
var sequences = regexp.MustCompile(`\x1b\[(0|1|2|31|32)m|\x1b\[(H|J|K|2J|\?1049[hl]|\?25[hl]|\?7[hl])`)

func TestNoTextOfAStrangersReachesATerminalAsAnythingButText(t *testing.T) {
	for _, args := range [][]string{
		{"list"}, {"list", "--json"}, {"bans"}, {"bans", "--json"}, {"plugins"}, {"plugins", "--json"}, {"stats"}, {"stats", "--json"},
		{"kick", "leo" + strings.ReplaceAll(evil, "\x00", "")}, {"tell", evil, "x"}, {"nonsense" + evil}, {"list", "--x" + evil}, {"plugin", "reload", evil},
		{"list", "--sort", evil}, {"kick", "leo", "--for", evil}, {"--socket", evil, "list"}, {"unban", evil}, {"man", evil},
	} {
		dir := home(t)
		stranger().serve(t, socketIn(dir))
		piped, _ := command(t, dir, args...)
		checkSafe(t, args, piped)
		if strings.ContainsRune(piped, '\x1b') {
			t.Errorf("%q: in a pipe there is an escape sequence: %q", args, piped)
		}
		x := open(t, dir, nil, args...)
		x.waits()
		checkSafe(t, args, sequences.ReplaceAllString(strings.ReplaceAll(x.all(), "\r\n", "\n"), ""))
	}
}

func TestWatchAndTopShowAStrangersTextAsText(t *testing.T) {
	for _, args := range [][]string{{"watch"}, {"watch", "--json"}, {"top"}} {
		dir := home(t)
		m := stranger()
		m.serve(t, socketIn(dir))
		x := open(t, dir, nil, args...)
		if args[0] == "watch" {
			for _, kind := range []string{admin.EventJoined, admin.EventLeft, admin.EventMessage, admin.EventPlugin, evil} {
				m.events <- admin.Event{Time: time.Now(), Kind: kind, Name: evil, Reason: evil, Plugin: evil, To: evil, Text: evil}
			}
		}
		x.sees("title")
		x.types(ctrlC)
		x.exits(exitDone)
		shown := strings.ReplaceAll(x.all(), "\r\n", "\n")
		checkSafe(t, args, strings.ReplaceAll(sequences.ReplaceAllString(shown, ""), "^C", ""))
	}
}

// checkSafe checks that what was printed is lines of text, and that no text made lines of its own.
func checkSafe(t *testing.T, args []string, printed string) {
	t.Helper()
	tabs := strings.ReplaceAll(printed, "\t", " ") // between the fields of records
	if got := safetext.Text(tabs); got != tabs {
		t.Errorf("%q: printed %+q, which is not safe", args, printed)
	}
	for line := range strings.SplitSeq(printed, "\n") {
		if strings.HasPrefix(line, "x\ufffd") {
			t.Errorf("%q: a text began a line: %q", args, printed)
		}
	}
	if printed == "" {
		t.Errorf("%q: nothing was printed", args)
	}
}

// Names that are not safe are not offered: a shell would print them as they are.
func TestNoUnsafeNameIsOffered(t *testing.T) {
	dir := home(t)
	m := stranger()
	m.members = append(m.members, admin.Member{ID: 2, Name: "leo"})
	m.serve(t, socketIn(dir))
	for _, args := range [][]string{{"kick", ""}, {"plugin", "reload", ""}, {"unban", ""}} {
		printed, err := command(t, dir, append([]string{"__complete"}, args...)...)
		if err != nil || strings.ContainsAny(printed, "\x1b\u009b") || strings.Contains(printed, "anna") {
			t.Errorf("%q: offered %q, %v", args, printed, err)
		}
	}
}
