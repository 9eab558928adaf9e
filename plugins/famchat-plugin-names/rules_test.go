package main

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"famchat/internal/names"
	"famchat/plugins"
	"famchat/plugins/plugintest"
)

// verdict is what a table wants of a name: "" is Allow.
func verdict(reason string) plugins.Verdict {
	if reason == "" {
		return plugins.Allow()
	}
	return plugins.Reject(reason)
}

const kept = "nobody may take that name"

func like(name string) string { return "it is too much like " + name + ", a name that nobody may take" }

func mixing(alphabets string) string {
	return "its letters come from " + alphabets + "; take them all from one"
}

func TestNamesAreRefusedByTheRules(t *testing.T) {
	type asked struct{ name, want string }
	for _, tt := range []struct {
		rule   string
		config config
		asked  []asked
	}{
		{"none of ours", config{Reserved: []string{}}, []asked{
			{"anna", ""}, {"admin", ""}, {"al", ""}, {strings.Repeat("a", 30), ""}, {"Dr.No-1_a", ""}, {"नीता", ""}, {"Лёша", ""}, {"שלום", ""},
		}},
		{"what is kept without a word", config{}, []asked{
			{"admin", kept}, {"ADMIN", kept}, {"Server", kept}, {"ｒoot", kept}, {"everyone", kept}, {"here", kept}, {"famchat", kept},
			{"adm1n", like("admin")}, {"аdmin", like("admin")}, {"ADMlN", like("admin")}, {"adrnin", like("admin")}, {"r00t", like("root")},
			{"a.d.m.i.n", like("admin")}, {"ad-min", like("admin")}, {"admin7", like("admin")}, {"7admin", like("admin")}, {"admin-42", like("admin")},
			{"Àdmin", like("admin")}, {"sérver", like("server")}, {"farnchat", like("famchat")}, {"a11", like("all")}, {"AlI", like("all")}, {"admin४", like("admin")},
			{"mum", ""}, {"al", ""}, {"Ali", ""}, {"ali7", ""}, {"Allan", ""}, {"Hera", ""}, {"hero", ""}, {"Groot", ""}, {"Madmin", ""}, {"all-star", ""},
			{"not-here", ""}, {"42", ""}, {"1-1", ""}, {"Adam", ""}, {"tom", ""}, {"torn", ""},
		}},
		{"what the family keeps", config{Reserved: []string{" grandma ", "agent7", "co-op", "नीता", "गुरु", "Павел", "42"}}, []asked{
			{"Grandma", kept}, {"grand.ma", like("grandma")}, {"grandrna", like("grandma")}, {"grandma2", like("grandma")}, {"agent7", kept}, {"agent-7", like("agent7")},
			{"coop", like("co-op")}, {"नीता", kept}, {"ПАВЕЛ", kept}, {"42", kept}, {"4-2", like("42")},
			{"agent8", ""}, {"agent", ""}, {"नता", ""}, {"गर", ""}, {"admin", ""}, {"grandpa", ""}, {"424", ""},
		}},
		{"one alphabet", config{}, []asked{
			{"раulina", mixing("two alphabets (Cyrillic and Latin)")}, {"paulа", mixing("two alphabets (Latin and Cyrillic)")},
			{"annaλ", mixing("two alphabets (Latin and Greek)")}, {"aλя", mixing("3 alphabets (Latin, Greek and Cyrillic)")},
			{"한はな", mixing("two alphabets (Hangul and Hiragana)")}, {"ㄅはな", mixing("two alphabets (Bopomofo and Hiragana)")},
			{"सaम", mixing("two alphabets (Devanagari and Latin)")}, {"日本я", mixing("two alphabets (Han and Cyrillic)")},
			{"日本taro", ""}, {"はなハナ花hana", ""}, {"ラーメン", ""}, {"한국漢han", ""}, {"ㄅ北bei", ""}, {"Лёша-1", ""}, {"Jürgen_2", ""}, {"q\u0316\u0301q", ""},
			{"नीता2", ""}, {"สมชาย", ""}, {"أحمد", ""}, {"Παύλος", ""}, {"መኮንን", ""},
		}},
		{"any alphabets", config{MixedScripts: true}, []asked{{"paulа", ""}, {"한はな", ""}, {"аdmin", like("admin")}}},
		{"a pattern", config{Pattern: "[a-z]+|x[0-9]"}, []asked{
			{"anna", ""}, {"x1", ""}, {"Anna", "names here must match the pattern [a-z]+|x[0-9]"}, {"x12", "names here must match the pattern [a-z]+|x[0-9]"},
			{"anna1", "names here must match the pattern [a-z]+|x[0-9]"}, {"admin", kept},
		}},
		{"a pattern for any case, explained", config{Pattern: "(?i)[a-z]+", PatternHint: "letters only "}, []asked{{"Anna", ""}, {"an-na", "letters only"}}},
		{"a length", config{Min: 3, Max: 5}, []asked{
			{"ann", ""}, {"annan", ""}, {"नीता", ""}, {"al", "names here have 3 to 5 characters, this one has 2"}, {"юююююю", "names here have 3 to 5 characters, this one has 6"},
		}},
		{"one length", config{Min: 3, Max: 3}, []asked{{"ann", ""}, {"anna", "names here have 3 characters, this one has 4"}}},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			p := plugintest.Start(t, newPlugin, tt.config)
			for _, asked := range tt.asked {
				if typed, err := names.Check(asked.name); err != nil || typed != asked.name {
					t.Errorf("%q is no name that the plugin is asked about: %v", asked.name, err)
				}
				if got, want := p.ValidateName(asked.name), verdict(asked.want); got != want {
					t.Errorf("%q (%+[1]q): got %v, want %v", asked.name, got, want)
				}
			}
		})
	}
}

func TestAWrongConfigSaysWhatIsWrong(t *testing.T) {
	type yaml = map[string]any
	for _, tt := range []struct {
		config yaml
		want   string // "" is none
	}{
		{nil, ""}, {yaml{}, ""}, {yaml{"pattern": "", "pattern_hint": "", "reserved": []string{}, "mixed_scripts": false, "min": 0, "max": 0}, ""},
		{yaml{"pattern": "[a-z]+", "pattern_hint": "x", "reserved": []string{"admin"}, "mixed_scripts": true, "min": 2, "max": 30}, ""},
		{yaml{"patern": "x"}, `config: unknown key "patern"; did you mean pattern?; there are max, min, mixed_scripts, pattern, pattern_hint, reserved`},
		{yaml{"pattern": 3}, "config: pattern: expected a string, found the number 3"},
		{yaml{"pattern": "[a-"}, "config: pattern: \"[a-\" is no regular expression: missing closing ]: `[a-`"},
		{yaml{"pattern": "a)(b"}, "config: pattern: \"a)(b\" is no regular expression: unexpected ): `a)(b`"},
		{yaml{"pattern_hint": "letters"}, "config: pattern_hint: there is no pattern that it explains"},
		{yaml{"reserved": "admin"}, "config: reserved: expected a list, found the string \"admin\""},
		{yaml{"reserved": []string{"admin", "a b"}}, `config: reserved: "a b" is no name: letters, digits, - _ and . only`},
		{yaml{"reserved": []string{"_admin_"}}, `config: reserved: "_admin_" is no name: it must begin and end with a letter or a digit`},
		{yaml{"mixed_scripts": "no"}, "config: mixed_scripts: expected true or false, found the string \"no\""},
		{yaml{"min": 1}, "config: min: 1 is not from 2 to 30"}, {yaml{"min": -3}, "config: min: -3 is not from 2 to 30"}, {yaml{"max": 31}, "config: max: 31 is not from 2 to 30"},
		{yaml{"min": 9, "max": 8}, "config: min: 9 is more than max, which is 8"},
	} {
		got := ""
		if err := plugintest.StartError(t, newPlugin, tt.config); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.config, got, tt.want)
		}
	}
}

func TestTheOfferIsToCheckNames(t *testing.T) {
	offer := plugintest.Start(t, newPlugin, config{}).Offer
	if got := offer.Hooks; len(got) != 1 || got[0].String() != "HOOK_VALIDATE_NAME" {
		t.Errorf("got hooks %v, want to validate names and no more", got)
	}
	if got := len(offer.Commands); got != 0 {
		t.Errorf("got %d commands, want none", got)
	}
}

func TestScriptsAreThoseOfUnicode(t *testing.T) {
	before := span{last: -1}
	for _, s := range spans() {
		if s.first <= before.last {
			t.Fatalf("got %v after %v, want them apart", s, before)
		}
		before = s
	}
	for r := range rune(unicode.MaxRune + 1) {
		got := scriptOf(r)
		if got == "" {
			if unicode.IsLetter(r) && !unicode.In(r, unicode.Common, unicode.Inherited) {
				t.Fatalf("%U: got no script", r)
			}
			continue
		}
		if !unicode.Is(unicode.Scripts[strings.ReplaceAll(got, " ", "_")], r) {
			t.Fatalf("%U: got %s, which it is not", r, got)
		}
	}
}

// FuzzName asks about anything and wants an answer that can be shown.
func FuzzName(f *testing.F) {
	r, err := newRules(config{Pattern: `\pL+`, Max: 12})
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"", "anna", "adm1n", "a.d.m.i.n", "paulа", "日本taro", "नीता", "\xff", "한はな", "1-1", "Àdmin7"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		reason := r.refuses(name)
		if !utf8.ValidString(reason) || strings.ContainsAny(reason, "\n\r") || strings.HasSuffix(reason, ".") {
			t.Errorf("%q: got the reason %q, want one line without a full stop", name, reason)
		}
	})
}

// FuzzConfig makes rules of a pattern and a reserved name. What is reserved is
// refused, however it is written.
func FuzzConfig(f *testing.F) {
	for _, c := range [][2]string{{"", "admin"}, {"[a-z]+", "grandma"}, {"a)(b", "नीता"}, {"(?i)x{1000}", "Павел"}, {`\Q`, "a-b"}, {"(", "İpek"}, {"\xff", "x y"}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, pattern, entry string) {
		if r, err := newRules(config{Pattern: pattern}); err == nil {
			r.refuses(entry)
		} else if !strings.HasPrefix(err.Error(), "config: pattern: ") {
			t.Errorf("pattern %q: got %q, want it to name the key", pattern, err)
		}
		r, err := newRules(config{Reserved: []string{entry}})
		name, wrong := names.Check(entry)
		if (err == nil) != (wrong == nil) {
			t.Fatalf("reserved %q: got %v, want an error for what is no name: %v", entry, err, wrong)
		}
		if err != nil {
			return
		}
		for _, written := range []string{name, names.Fold(name), name + "7", "7" + name, strings.Join(strings.Split(name, ""), "-")} {
			if typed, err := names.Check(written); err != nil || typed != written {
				continue
			}
			// What is trimmed of a name is not part of what is reserved.
			if written != name && strings.IndexFunc(name, unicode.IsDigit) >= 0 {
				continue
			}
			if r.refuses(written) == "" {
				t.Errorf("reserved %q: %q may be taken, want it refused", name, written)
			}
		}
	})
}

func BenchmarkName(b *testing.B) {
	r, err := newRules(config{})
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"anna", "Лёша", "はなハナ花hana"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.refuses(name)
			}
		})
	}
}
