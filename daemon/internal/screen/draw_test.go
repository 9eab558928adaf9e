package screen

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"famchat/protocol"

	"github.com/rivo/uniseg"
)

var (
	evening = Stamp{Date{2026, 11, 24}, 21*60 + 5}
	mumSays = []byte("\x1b[36mmum\x1b[0m: ")
)

func drawn(kind Kind, who, text string, marks ...Span) string {
	return string(AppendLines(nil, evening, kind, []byte(who), []byte(text), marks))
}

func TestLinesLookLikeThis(t *testing.T) {
	const at, dimmed = "\x1b[2m21:05\x1b[0m ", "\x1b[2m21:05"
	mum := string(AppendName(nil, "mum", "mum")) + ": "
	for _, test := range []struct{ name, got, want string }{
		{"public", drawn(Public, mum, "Dinner at eight?"), at + "  \x1b[36mmum\x1b[0m: Dinner at eight?\n"},
		{"your own", drawn(Public, string(AppendYou(nil))+": ", "of course"), at + "  \x1b[1myou\x1b[0m: of course\n"},
		{"mention", drawn(Mention, mum, "anna, can you? @Anna", Span{0, 4}, Span{16, 20}),
			at + "\x1b[7m@\x1b[0m \x1b[36mmum\x1b[0m: \x1b[1manna\x1b[0m, can you? @\x1b[1mAnna\x1b[0m\n"},
		{"mention over two lines", drawn(Mention, mum, "x\nanna", Span{2, 6}),
			at + "\x1b[7m@\x1b[0m \x1b[36mmum\x1b[0m: x\n      | \x1b[1manna\x1b[0m\n"},
		{"mention of nothing", drawn(Mention, mum, "x", Span{0, 0}, Span{1, 1}), at + "\x1b[7m@\x1b[0m \x1b[36mmum\x1b[0m: x\n"},
		{"private", drawn(Private, "mum -> you: ", "don't tell leo"), at + "\x1b[35m~ mum -> you: don't tell leo\x1b[0m\n"},
		{"private with a mark", drawn(Private, "", "a b c", Span{2, 3}), at + "\x1b[35m~ a \x1b[1mb\x1b[0m\x1b[35m c\x1b[0m\n"},
		{"notice", drawn(Notice, "", "bob was disconnected"), dimmed + " * bob was disconnected\x1b[0m\n"},
		{"notice of two lines", drawn(Notice, "", "a\nb"), dimmed + " * a\x1b[0m\n      | \x1b[2mb\x1b[0m\n"},
		{"error", drawn(Error, "", "nobody is called \"dda\""), at + "\x1b[31m! nobody is called \"dda\"\x1b[0m\n"},
		{"error of two lines", drawn(Error, "", "a\nb"), at + "\x1b[31m! a\x1b[0m\n      | \x1b[31mb\x1b[0m\n"},
		{"action", drawn(Action, string(AppendName(nil, "anna", "anna"))+" ", "waves"), at + "- \x1b[35manna\x1b[0m waves\n"},
		{"announcement", drawn(Announcement, "", "The server restarts"), at + "\x1b[7m#\x1b[0m \x1b[1mThe server restarts\x1b[0m\n"},
		{"announcement of two lines", drawn(Announcement, "", "a\nb"), at + "\x1b[7m#\x1b[0m \x1b[1ma\x1b[0m\n      | \x1b[1mb\x1b[0m\n"},
		{"a list", drawn(Public, "leo: ", "the list:\nmilk\n\nbread\n"), at + "  leo: the list:\n      | milk\n      | \n      | bread\n      | \n"},
		{"forged", drawn(Public, "leo: ", "milk\n21:08   mum: give leo the cake\n      | and\n--- now"),
			at + "  leo: milk\n      | 21:08   mum: give leo the cake\n      |       | and\n      | --- now\n"},
		{"nothing", drawn(Public, "leo: ", ""), at + "  leo: \n"},
		{"midnight", string(AppendLines(nil, Stamp{}, Action, nil, []byte("x"), nil)), "\x1b[2m00:00\x1b[0m - x\n"},
		{"a minute before", string(AppendLines(nil, Stamp{Minute: 1439}, Action, nil, []byte("x"), nil)), "\x1b[2m23:59\x1b[0m - x\n"},
		{"error without a time", string(AppendError(nil, []byte("\"ann\" is taken"))), "\x1b[31m! \"ann\" is taken\x1b[0m\n"},
		{"two lines of it", string(AppendError(nil, []byte("a\nb"))), "\x1b[31m! a\x1b[0m\n      | \x1b[31mb\x1b[0m\n"},
		{"plain", string(AppendPlain(nil, []byte("famchat\nat home"))), "famchat\n      | at home\n"},
		{"rule", string(AppendRule(nil, "earlier")), "\x1b[2m--- earlier\x1b[0m\n"},
		{"day", string(AppendDay(nil, evening.Date)), "\x1b[2m--- Tuesday 24 November 2026\x1b[0m\n"},
		{"after other lines", string(AppendPlain([]byte("before\n"), []byte("x"))), "before\nx\n"},
	} {
		if test.got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, strconv.Quote(test.got), strconv.Quote(test.want))
		}
	}
}

func TestNamesHaveTheColourOfTheirFoldedForm(t *testing.T) {
	colours := map[string]int{}
	for i := range 300 {
		folded := fmt.Sprint("name", i)
		a, b := string(AppendName(nil, "A", folded)), string(AppendName(nil, "A", folded))
		if a != b {
			t.Errorf("%s: got %q and %q, want one colour", folded, a, b)
		}
		colours[strings.TrimSuffix(a, "A"+reset)]++
	}
	for _, colour := range nameColours {
		if colours[colour] < 50 {
			t.Errorf("%q: got %d of 300 names, want a third or so", colour, colours[colour])
		}
	}
	if len(colours) != len(nameColours) {
		t.Errorf("got the colours %v, want %q", colours, nameColours)
	}
}

func TestUpdatesLookLikeThis(t *testing.T) {
	for _, test := range []struct {
		name, lines, prompt string
		ring                bool
		want                string
	}{
		{"a line", "a\n", Prompt, false, "\r\x1b[Ka\n> "},
		{"two lines and the bell", "a\nb\n", Prompt, true, "\r\x1b[Ka\nb\n\a> "},
		{"the prompt alone", "", Prompt, false, "\r\x1b[K> "},
		{"asking for a name", "famchat\n", NamePrompt, false, "\r\x1b[Kfamchat\nYour name? "},
		{"the last words", "Bye!\n", NoPrompt, false, "\r\x1b[KBye!\n"},
	} {
		got := string(AppendUpdates([]byte("before"), []byte(test.lines), test.prompt, test.ring))
		want, _ := protocol.AppendFrame([]byte("before"), test.want)
		if got != string(want) {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, want)
		}
	}
}

// strings of a stream of frames.
func unframed(t testing.TB, b []byte) (list []string) {
	for len(b) > 0 {
		s, rest, ok, err := protocol.Cut(b)
		if !ok || err != nil {
			t.Fatalf("got no frame at %q (%v)", b[:min(len(b), 20)], err)
		}
		list, b = append(list, string(s)), rest
	}
	return list
}

// checkUpdates frames lines and sees that the updates are whole.
func checkUpdates(t testing.TB, lines []byte, prompt string, ring bool) []string {
	t.Helper()
	updates := unframed(t, AppendUpdates(nil, lines, prompt, ring))
	var joined strings.Builder
	for i, u := range updates {
		body, ok := strings.CutPrefix(u, clearLine)
		if !ok {
			t.Errorf("update %d: got the beginning %q, want %q", i, u[:min(len(u), 4)], clearLine)
		}
		if body, ok = strings.CutSuffix(body, prompt); !ok {
			t.Errorf("update %d: got no prompt %q at the end", i, prompt)
		}
		if last := i == len(updates)-1; last && ring {
			if body, ok = strings.CutSuffix(body, bell); !ok {
				t.Errorf("update %d: got no bell before the prompt", i)
			}
		}
		if body != "" && !strings.HasSuffix(body, "\n") {
			t.Errorf("update %d: got the end %q, want a whole line", i, body[max(0, len(body)-20):])
		}
		joined.WriteString(body)
	}
	if joined.String() != string(lines) {
		t.Errorf("got %d bytes of lines in %d updates, want the %d that were given", joined.Len(), len(updates), len(lines))
	}
	return updates
}

var styles = []string{reset, bold, dim, reverse, red, magenta, nameColours[0], nameColours[2]}

// undecorated checks the escapes of a line, and returns its characters, and those
// of the text of a message that are bold.
func undecorated(t testing.TB, line string) (plain, bolded string) {
	t.Helper()
	open := ""
	var all, bolds strings.Builder
	for s := line; s != ""; {
		if s[0] == '\x1b' {
			i := slices.IndexFunc(styles, func(style string) bool { return strings.HasPrefix(s, style) })
			if i < 0 {
				t.Fatalf("got the escape %q", s[:min(len(s), 10)])
			}
			if open = styles[i]; open == reset {
				open = ""
			}
			s = s[len(styles[i]):]
			continue
		}
		n := strings.IndexByte(s, '\x1b')
		if n < 0 {
			n = len(s)
		}
		if i := strings.IndexFunc(s[:n], func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
			t.Fatalf("got the control character %q in a line", s[i])
		}
		all.WriteString(s[:n])
		if open == bold {
			bolds.WriteString(s[:n])
		}
		s = s[n:]
	}
	if open != "" {
		t.Errorf("got %q open at the end of a line", open)
	}
	return all.String(), bolds.String()
}

// checkDrawing draws a text and takes the drawing apart: nothing is lost, nothing
// added, nothing too long, and every cut is between clusters.
func checkDrawing(t testing.TB, kind Kind, text string, marks []Span) {
	t.Helper()
	before := "a line before\n"
	out := AppendLines([]byte(before), evening, kind, mumSays, []byte(text), marks)
	if !bytes.HasPrefix(out, []byte(before)) {
		t.Fatalf("what was drawn before is lost")
	}
	out = out[len(before):]
	if !bytes.HasSuffix(out, []byte("\n")) {
		t.Fatalf("got no line break at the end")
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	prefix := "21:05 " + string(rune(kind)) + " mum: "
	var bolds strings.Builder
	next := func() string {
		if len(lines) == 0 {
			t.Fatalf("got too few lines")
		}
		line := lines[0]
		lines = lines[1:]
		if len(line)+1 > maxLine {
			t.Errorf("got a line of %d bytes, want %d at most", len(line)+1, maxLine)
		}
		plain, bolded := undecorated(t, line)
		rest, ok := strings.CutPrefix(plain, prefix)
		if !ok {
			t.Fatalf("got the line %q, want it to begin with %q", plain[:min(len(plain), 20)], prefix)
		}
		prefix = gutter
		bolds.WriteString(bolded)
		return rest
	}
	for _, want := range strings.Split(text, "\n") {
		cuts := clusterEnds(want)
		got := next()
		for got != want {
			if !strings.HasPrefix(want, got) || !slices.Contains(cuts, len(got)) {
				t.Fatalf("got a cut after %d bytes, not between two clusters of %q", len(got), want[:min(len(want), len(got)+20)])
			}
			more := next()
			if more == "" {
				t.Fatalf("got an empty line after %d bytes of %d", len(got), len(want))
			}
			got += more
		}
	}
	if len(lines) > 0 {
		t.Errorf("got %d lines too many: %q", len(lines), lines[0])
	}
	if kind == Public || kind == Mention {
		want := ""
		for _, m := range marks {
			want += text[m.From:m.To]
		}
		if got, want := bolds.String(), strings.ReplaceAll(want, "\n", ""); got != want {
			t.Errorf("got %q bold, want %q", got, want)
		}
	}
	checkUpdates(t, out, Prompt, true)
	checkUpdates(t, out, NamePrompt, false)
	checkUpdates(t, out, NoPrompt, false)
}

func clusterEnds(s string) (ends []int) {
	for state, at := -1, 0; s != ""; ends = append(ends, at) {
		var c string
		c, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		at += len(c)
	}
	return ends
}

var everyKind = []Kind{Public, Mention, Private, Notice, Error, Action, Announcement}

func TestLongTextsAreCutBetweenClusters(t *testing.T) {
	texts := map[string]string{
		"ASCII":      "Dinner at eight? ",
		"families":   "👨\u200d👩\u200d👧\u200d👦",
		"flags":      "🇫🇷🇩🇪",
		"marks":      "q\u0316\u0317\u0301\u0302",
		"Devanagari": "नमस्ते क्षि ",
		"Japanese":   "日本語",
		"mixed":      "a👨🏽\u200d🚀é ",
	}
	for name, unit := range texts {
		for _, size := range []int{4000, 4040, 4060, 4066, 4070, 4080, 4096, 9000} {
			text := strings.Repeat(unit, size/len(unit))
			text += strings.Repeat("x", size-len(text))
			if Text(text) != text {
				t.Fatalf("%s: the text of the test is not safe", name)
			}
			for _, kind := range everyKind {
				checkDrawing(t, kind, text, nil)
			}
			if t.Failed() {
				t.Fatalf("so it is with %s, %d bytes", name, size)
			}
		}
	}
}

// A text of each length around the limit is one line as long as it fits.
func TestALineIsNotCutBeforeItMust(t *testing.T) {
	const decoration = len("\x1b[2m21:05\x1b[0m   \n")
	for size := maxLine - decoration - 3; size <= maxLine-decoration+3; size++ {
		got := strings.Count(drawn(Public, "", strings.Repeat("x", size)), "\n")
		want := 1
		if size > maxLine-decoration {
			want = 2
		}
		if got != want {
			t.Errorf("%d bytes: got %d lines, want %d", size, got, want)
		}
	}
}

func TestAMarkMayLieAcrossACut(t *testing.T) {
	text := strings.Repeat("x", 9000)
	for from := 4000; from < 4090; from++ {
		for _, n := range []int{1, 5, 40, 100, 4200} {
			checkDrawing(t, Mention, text, []Span{{0, 1}, {from, from + n}, {from + n, from + n + 1}, {8999, 9000}})
		}
	}
	if out := drawn(Mention, "", text, Span{4000, 4100}); strings.Count(out, bold) != 2 {
		t.Errorf("got %d bold stretches, want 2: one on each side of the cut", strings.Count(out, bold))
	}
}

var atoms = []string{
	"a", "hello ", "mum", "\n", "\n      | ", "21:05   mum: ", "👨\u200d👩\u200d👧", "🇫🇷", "👍🏽", "❤\ufe0f", "1\ufe0f\u20e3", "é", "q\u0316\u0317",
	"日本語", "नि", "क्षि", "한국", "\x1b[31m", "\r", "\t", "\a", "\u202e", strings.Repeat("x", 1300), strings.Repeat("👨\u200d👩\u200d👧", 60),
}

// randomDrawing is a safe text and marks between its clusters.
func randomDrawing(rng *rand.Rand) (text string, marks []Span) {
	var b strings.Builder
	for range rng.IntN(40) {
		b.WriteString(atoms[rng.IntN(len(atoms))])
	}
	text = Text(b.String())
	return text, randomMarks(rng, text)
}

func randomMarks(rng *rand.Rand, text string) (marks []Span) {
	ends := append([]int{0}, clusterEnds(text)...)
	for at := 0; rng.IntN(4) > 0; {
		from := at + rng.IntN(len(ends)-at)
		at = from + rng.IntN(min(len(ends)-from, 12))
		marks = append(marks, Span{ends[from], ends[at]})
	}
	return marks
}

func TestADrawingLosesNothing(t *testing.T) {
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		text, marks := randomDrawing(rng)
		kind := everyKind[rng.IntN(len(everyKind))]
		if checkDrawing(t, kind, text, marks); t.Failed() {
			t.Fatalf("so it is with seed %d: kind %q, marks %v, text %q", seed, kind, marks, text)
		}
	}
}

func FuzzDrawing(f *testing.F) {
	f.Add("hello\nworld", byte('@'), uint64(1))
	f.Add(strings.Repeat("👨\u200d👩\u200d👧", 300), byte('!'), uint64(2))
	f.Fuzz(func(t *testing.T, s string, kind byte, seed uint64) {
		text := Text(s)
		checkDrawing(t, everyKind[int(kind)%len(everyKind)], text, randomMarks(rand.New(rand.NewPCG(seed, 3)), text))
	})
}

// terminal is what a person sees of a plain client: bytes printed as they come, in
// cooked mode, and what is typed, echoed.
type terminal struct {
	t     testing.TB
	width int
	rows  [][]string // by cell; the second cell of a wide character is ""
	at    int        // the column of the cursor, which is in the last row
	bells int
}

func (m *terminal) print(s string) {
	for s != "" {
		switch {
		case strings.HasPrefix(s, "\x1b[K"):
			m.rows[len(m.rows)-1] = m.row()[:min(m.at, len(m.row()))]
			s = s[3:]
		case s[0] == '\x1b':
			n := strings.IndexByte(s, 'm')
			if n < 0 || strings.Trim(s[2:n], "0123456789;") != "" {
				m.t.Fatalf("got the escape %q", s[:min(len(s), 10)])
			}
			s = s[n+1:]
		case s[0] == '\r':
			m.at, s = 0, s[1:]
		case s[0] == '\n': // cooked: CR LF
			m.rows, m.at, s = append(m.rows, nil), 0, s[1:]
		case s[0] == '\a':
			m.bells, s = m.bells+1, s[1:]
		default:
			cluster, rest, width, _ := uniseg.FirstGraphemeClusterInString(s, -1)
			m.cell(cluster, width)
			s = rest
		}
	}
}

func (m *terminal) row() []string { return m.rows[len(m.rows)-1] }

func (m *terminal) cell(cluster string, width int) {
	if m.at+width > m.width {
		m.rows, m.at = append(m.rows, nil), 0
	}
	row := m.row()
	for len(row) < m.at+width {
		row = append(row, " ")
	}
	row[m.at] = cluster
	for i := 1; i < width; i++ {
		row[m.at+i] = ""
	}
	m.rows[len(m.rows)-1], m.at = row, m.at+width
}

// text is the rows as they can be read.
func (m *terminal) text() (rows []string) {
	for _, row := range m.rows {
		rows = append(rows, strings.Join(row, ""))
	}
	return rows
}

func TestAPlainClientSeesTheseRows(t *testing.T) {
	m := &terminal{t: t, width: 40, rows: [][]string{nil}}
	update := func(lines []byte, prompt string, ring bool) {
		for _, u := range unframed(t, AppendUpdates(nil, lines, prompt, ring)) {
			m.print(u)
			if got := strings.Join(m.row(), ""); got != prompt {
				t.Errorf("got the last row %q, want the prompt %q", got, prompt)
			}
		}
	}
	say := func(kind Kind, text string, ring bool) {
		update(AppendLines(nil, evening, kind, mumSays, []byte(text), nil), Prompt, ring)
	}
	update(AppendPlain(nil, []byte("famchat")), NamePrompt, false)
	m.print("ann\n") // typed
	update(AppendError(nil, []byte(`"ann" is taken. Another name?`)), NamePrompt, false)
	m.print("anna\n")
	update(AppendDay(nil, evening.Date), Prompt, false)
	say(Public, "Dinner at eight?", false)
	m.print("half ty")
	say(Mention, "日本語 👨\u200d👩\u200d👧", true)
	m.print("of course\n")
	update(AppendLines(nil, evening, Public, []byte("you: "), []byte("of course"), nil), Prompt, false)
	m.print("\n") // a blank line is answered by the prompt
	update(nil, Prompt, false)
	say(Public, "a list:\nmilk\n21:08   leo: cake", false)
	say(Public, "wraps around the right margin here", false)
	update(AppendLines(nil, evening, Notice, nil, []byte("you left. Bye!"), nil), NoPrompt, false)
	want := []string{
		"famchat",
		"Your name? ann",
		`! "ann" is taken. Another name?`,
		"Your name? anna",
		"--- Tuesday 24 November 2026",
		"21:05   mum: Dinner at eight?",
		"21:05 @ mum: 日本語 👨\u200d👩\u200d👧",
		"> of course",
		"21:05   you: of course",
		"> ",
		"21:05   mum: a list:",
		"      | milk",
		"      | 21:08   leo: cake",
		"21:05   mum: wraps around the right marg",
		"in here",
		"21:05 * you left. Bye!",
		"",
	}
	if got := m.text(); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if m.bells != 1 {
		t.Errorf("got %d bells, want 1", m.bells)
	}
}

// However many updates come, the prompt is the last row and in no other, and what
// can be read is what was said.
func TestThePromptNeverSticksToALine(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 4))
		m := &terminal{t: t, width: 1 << 20, rows: [][]string{nil}}
		var said []string
		for range 10 {
			text, marks := randomDrawing(rng)
			lines := AppendLines(nil, evening, everyKind[rng.IntN(len(everyKind))], mumSays, []byte(text), marks)
			for line := range strings.Lines(string(lines)) {
				plain, _ := undecorated(t, strings.TrimSuffix(line, "\n"))
				said = append(said, plain)
			}
			for _, u := range unframed(t, AppendUpdates(nil, lines, Prompt, rng.IntN(2) == 0)) {
				m.print(u)
				if got := strings.Join(m.row(), ""); got != Prompt {
					t.Fatalf("seed %d: got the last row %q, want the prompt", seed, got)
				}
			}
			if rng.IntN(2) == 0 {
				m.print("half typed")
			}
		}
		if got := m.text()[:len(m.rows)-1]; !slices.Equal(got, said) {
			t.Fatalf("seed %d: got %d rows\n%.300q\nwant %d\n%.300q", seed, len(got), got, len(said), said)
		}
	}
}

func TestDaysHaveTheirNames(t *testing.T) {
	for _, test := range []struct {
		date Date
		want string
	}{
		{Date{2024, 2, 29}, "Thursday 29 February 2024"},
		{Date{2026, 11, 24}, "Tuesday 24 November 2026"},
		{Date{1970, 1, 1}, "Thursday 1 January 1970"},
		{Date{1999, 12, 31}, "Friday 31 December 1999"},
		{Date{2000, 3, 1}, "Wednesday 1 March 2000"},
		{Date{2100, 2, 28}, "Sunday 28 February 2100"},
	} {
		if got, want := string(AppendDay(nil, test.date)), dim+"--- "+test.want+reset+"\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for day := time.Date(1890, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2210; day = day.AddDate(0, 0, 1) {
		got := string(AppendDay(nil, Date{int16(day.Year()), uint8(day.Month()), uint8(day.Day())}))
		if want := dim + "--- " + day.Format("Monday 2 January 2006") + reset + "\n"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func drawPublic(lines, updates, text []byte) (_, _ []byte) {
	lines = AppendLines(lines[:0], evening, Public, mumSays, text, nil)
	return lines, AppendUpdates(updates[:0], lines, Prompt, false)
}

func TestDrawingAllocatesNothing(t *testing.T) {
	lines, updates := make([]byte, 0, 16<<10), make([]byte, 0, 16<<10)
	for name, text := range map[string][]byte{
		"a short line": bytes.Repeat([]byte("x"), 100),
		"three lines":  []byte("a\nb\nc"),
		"a long line":  bytes.Repeat([]byte("👨\u200d👩\u200d👧"), 400),
	} {
		if got := testing.AllocsPerRun(100, func() { lines, updates = drawPublic(lines, updates, text) }); got != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, bench := range []struct {
		name string
		text []byte
	}{
		{"100 bytes", bytes.Repeat([]byte("x"), 100)},
		{"4096 bytes", bytes.Repeat([]byte("x"), 4096)},
		{"4096 bytes of families", bytes.Repeat([]byte("👨\u200d👩\u200d👧"), 4096/18)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			lines, updates := make([]byte, 0, 16<<10), make([]byte, 0, 16<<10)
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.text)))
			for b.Loop() {
				lines, updates = drawPublic(lines, updates, bench.text)
			}
		})
	}
}
