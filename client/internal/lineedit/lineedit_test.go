package lineedit

import (
	"strings"
	"testing"
)

// typed returns an editor after the keys that a terminal sends.
func typed(t *testing.T, c Config, keys string) (*Editor, []string) {
	t.Helper()
	e := New(c)
	e.Print(nil, "> ", false)
	return e, feed(e, keys)
}

// feed gives an editor keys, and returns what was sent.
func feed(e *Editor, keys string) (sent []string) {
	var p Parser
	for _, k := range append(p.Feed([]byte(keys)), p.Timeout()...) {
		if action, text := e.Key(k); action == Send {
			sent = append(sent, text)
		}
	}
	return sent
}

// shown returns the line with a | where the cursor is.
func shown(e *Editor) string { return e.line.text[:e.line.pos] + "|" + e.line.text[e.line.pos:] }

const family = "👨‍👩‍👧"

func TestEditing(t *testing.T) {
	for _, test := range []struct{ keys, want string }{
		{"hello", "hello|"},
		{"hello\x02\x02\x01x\x05y", "xhelloy|"},
		{"hello\x1b[D\x1b[DX", "helX|lo"},
		{family + "👍🏽❤️e\u0301🇫🇷नि\x02", family + "👍🏽❤️e\u0301🇫🇷|नि"},
		{family + "👍🏽❤️e\u0301🇫🇷नि\x02\x02\x02\x02\x02x", family + "x|👍🏽❤️e\u0301🇫🇷नि"},
		{"🇫🇷\x7f", "|"},
		{"a" + family + "\x02\x04", "a|"},
		{"é\u0301\x7fb", "b|"},
		{"🇫\x01🇷", "🇷🇫|"}, // they join
		{"one two-three\x17", "one |"},
		{"one two-three\x1b\x7f", "one two-|"},
		{"one two-three\x1bb\x1bb\x1bd", "one |-three"},
		{"one two\x1bb\x1bbx\x1bfy", "xoney| two"},
		{"one two\x1b[1;5D\x1b[1;5DX", "X|one two"},
		{"日本 語\x17", "日本 |"},
		{"one two\x15", "|"},
		{"one two\x1bb\x0b\x01\x19", "two|one "},
		{"one two three\x17\x17\x19\x19", "one two threetwo three|"},
		{"one two\x1bb\x15\x0b\x19", "one two|"},
		{"ab\x14", "ba|"},
		{"ab\x02\x14c", "bac|"},
		{"a\x14", "a|"},
		{"\x14\x19\x0b\x15\x17\x1bd\x1b\x7f\x1b[3~\x7f", "|"},
		{"a\x1b[3~\x01\x1b[3~", "|"},
		{"x\x1b\ry", "x\ny|"},
		{"\x1b[200~two\r\nlines\r\n\r\n\x1b[201~", "two\nlines|"},
		{"\x1b[200~a\tb\x1b[31mc\u202ed\x1b[201~", "a    b[31mcd|"},
		{"\x1b[200~a\x0bb\u2028c\x1b[201~", "a\nb\nc|"},
		{"a\nb", "b|"},
		{"abc\x03", "|"},
		{"\x1babc", "abc|"},
		{"\x1b[200~one\ntwo\x1b[201~\x01\x06\x06\x06\x06\x04", "one\n|wo"},
	} {
		e, _ := typed(t, Config{Width: 20, Height: 5}, test.keys)
		if got := shown(e); got != test.want {
			t.Errorf("%q: got %q, want %q", test.keys, got, test.want)
		}
	}
}

func TestWhatIsSent(t *testing.T) {
	for _, test := range []struct{ keys, want string }{
		{"hello\r", "hello"},
		{"\r\r \r", " "},
		{"one\ntwo\r", "one|two"},
		{"\x1b[200~one\ntwo\n\x1b[201~", ""},
		{"\x1b[200~one\ntwo\n\x1b[201~\r", "one\ntwo"},
		{"throw\x03away\r\x1b[A\x1b[A\r", "away|throw"},
	} {
		_, sent := typed(t, Config{}, test.keys)
		if got := strings.Join(sent, "|"); got != test.want {
			t.Errorf("%q: got %q, want %q", test.keys, got, test.want)
		}
	}
}

func TestActions(t *testing.T) {
	for _, test := range []struct {
		keys string
		want Action
	}{
		{"\x03", Leave}, {"\x04", Leave}, {"\x1a", Stop}, {"a\x1a", Stop}, {"a\x03", None}, {"a\x04", None}, {"\r", None}, {"a\r", Send},
		{"\x12\x03", None}, {"\x12\x1a", Stop},
	} {
		e := New(Config{})
		var p Parser
		var got Action
		for _, k := range p.Feed([]byte(test.keys)) {
			got, _ = e.Key(k)
		}
		if got != test.want {
			t.Errorf("%q: got %d, want %d", test.keys, got, test.want)
		}
	}
}

// A line that is too long stays, and so does what a paste does not fit beside.
func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 11)
	e, sent := typed(t, Config{MaxBytes: 10}, long+"\r")
	if out := string(e.Output()); len(sent) > 0 || e.Draft() != long || !strings.Contains(out, "11 bytes") {
		t.Errorf("a line too long: sent %q, kept %q, said %q", sent, e.Draft(), out)
	}
	if sent := feed(e, "\x7f\r"); len(sent) != 1 || e.Draft() != "" {
		t.Errorf("shortened: sent %q, kept %q", sent, e.Draft())
	}
	e, _ = typed(t, Config{}, "draft"+pasteBegin+strings.Repeat("x", maxTextBytes)+pasteEnd)
	if out := string(e.Output()); e.Draft() != "draft" || !strings.Contains(out, "too much") {
		t.Errorf("a paste too long: kept %d bytes, said %.80q", len(e.Draft()), out)
	}
	for range 3 {
		feed(e, strings.Repeat("y", maxTextBytes/2))
	}
	if n := len(e.Draft()); n > maxTextBytes {
		t.Errorf("the line became %d bytes long", n)
	}
}

func TestHistory(t *testing.T) {
	const up, down = "\x1b[A", "\x1b[B"
	for _, test := range []struct{ keys, want string }{
		{up, "newer|"},
		{up + up, "older|"},
		{up + up + up, "older|"},
		{down, "|"},
		{"draft" + up + down, "draft|"},
		{"draft" + up + up + down + down + down, "draft|"},
		{up + "!" + up + down, "newer!|"},
		{up + "!\r" + up + up, "newer|"},
		{"\x10\x10\x0e", "newer|"},
		{"older\r" + up + up + up, "older|"},
		{"same\rsame\r" + up + up, "newer|"},
	} {
		e, _ := typed(t, Config{History: []string{"older", "newer"}}, test.keys)
		if got := shown(e); got != test.want {
			t.Errorf("%q: got %q, want %q", test.keys, got, test.want)
		}
	}
}

func TestWhatComesToTheHistory(t *testing.T) {
	e, _ := typed(t, Config{History: []string{"old"}}, "one\rthrown\x03two\rtwo\r \r")
	if got := strings.Join(e.Added(), "|"); got != "one|thrown|two| " {
		t.Errorf("got %q", got)
	}
	if got := e.Added(); got != nil {
		t.Errorf("got %q again", got)
	}
	e.Private = true
	feed(e, "anna\ranna\x03")
	if got := e.Added(); got != nil {
		t.Errorf("got %q, which is private", got)
	}
	for i := range 2 * maxHistory {
		feed(e, strings.Repeat("x", i%7)+"\r")
	}
	if n := len(e.history.lines); n > maxHistory {
		t.Errorf("%d lines are kept", n)
	}
}

func TestSearch(t *testing.T) {
	history := []string{"red plates", "blue plates", "dinner", "日本語 plates"}
	for _, test := range []struct{ keys, want, prompt string }{
		{"\x12pl", "日本語 |plates", "(search: pl) "},
		{"\x12pl\x12", "blue |plates", "(search: pl) "},
		{"\x12pl\x12\x12", "red |plates", "(search: pl) "},
		{"\x12pl\x12\x12\x12", "red |plates", "(not found: pl) "},
		{"\x12pl\x12\x13", "日本語 |plates", "(search: pl) "},
		{"\x12plx", "日本語 |plates", "(not found: plx) "},
		{"\x12dinx\x7f", "|dinner", "(search: din) "},
		{"draft\x12pl\x07", "draft|", ""},
		{"draft\x12pl\x03", "draft|", ""},
		{"draft\x12qq", "draft|", "(not found: qq) "},
		{"\x12din\x1b", "|dinner", ""},
		{"\x12din\x05!", "dinner!|", ""},
		{"\x12\x12\x7f\x12", "|", "(search: ) "},
	} {
		e, _ := typed(t, Config{History: history}, test.keys)
		prompt := ""
		if e.search != nil {
			prompt = e.search.prompt()
		}
		if got := shown(e); got != test.want || prompt != test.prompt {
			t.Errorf("%q: got %q and %q, want %q and %q", test.keys, got, prompt, test.want, test.prompt)
		}
	}
	if _, sent := typed(t, Config{History: history}, "\x12din\r"); len(sent) != 1 || sent[0] != "dinner" {
		t.Errorf("Enter in a search sent %q", sent)
	}
	if e, _ := typed(t, Config{}, "\x12x\x12\x13\x7f\x12"); e.Draft() != "" {
		t.Errorf("without a history it found %q", e.Draft())
	}
}

func TestCompletion(t *testing.T) {
	lines := []string{
		"21:03 * you joined. Here: dad, mum. /help lists the commands",
		"21:04   \x1b[35mmum\x1b[0m: Dinner at eight? The marmalade",
		"21:05   \x1b[32mdad\x1b[0m: I'll be late, mother said",
		"21:06 \x1b[35m~ mum -> you: don't tell Leo about the cake\x1b[0m",
		"21:07   \x1b[36mMarge\x1b[0m: (see /history)",
		"21:08 \x1b[2m* J\u00fcrgen joined\x1b[0m",
	}
	for _, test := range []struct{ keys, want string }{
		{"\t", "|"},
		{"x \t", "x |"},
		{"qq\t", "qq|"},
		{"m\t", "Marge|"},
		{"m\t\t", "mum|"},
		{"m\t\t\t", "mother|"},
		{"m\t\t\t\t", "marmalade|"},
		{"m\t\t\t\t\t", "m|"},
		{"m\t\t\t\t\t\t", "Marge|"},
		{"m\x1b[Z", "marmalade|"},
		{"@m\t, hi", "@Marge, hi|"},
		{"@\t\t", "@dad|"},
		{"/h\t", "/history|"},
		{"/h\t\t", "/help|"},
		{"hello d\t", "hello dad|"},
		{"hello d\t\t", "hello don't|"},
		{"m there\x01\x06\t", "Marge| there"},
		{"DAD\t", "DAD|"},
		{"le\t", "Leo|"},
		{"m\tx\t", "Margex|"},
		{"I\t", "I'll|"},
		{"@j\t", "@J\u00fcrgen|"},
		{"@j\t\t", "@joined|"},
	} {
		e := New(Config{Color: false})
		e.Print(lines, "> ", false)
		feed(e, test.keys)
		if got := shown(e); got != test.want {
			t.Errorf("%q: got %q, want %q", test.keys, got, test.want)
		}
	}
}

// Words of lines that are long gone are not offered, and not kept.
func TestTheRingIsBounded(t *testing.T) {
	e := New(Config{})
	for range 10 * maxRing {
		e.Print([]string{"one", "two"}, "> ", false)
		e.Output()
		if n := len(e.ring.lines); n > maxRing {
			t.Fatalf("%d lines are kept", n)
		}
	}
	if n := cap(e.ring.lines); n > 4*maxRing {
		t.Errorf("there is room for %d lines", n)
	}
}
