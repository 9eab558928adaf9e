package flags

import (
	"flag"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct{ args, name, words, err string }{
		{"", "", "", ""},
		{"--name anna host", "anna", "host", ""},
		{"host --name anna", "anna", "host", ""},
		{"host --name anna more --quick", "anna", "host more", ""},
		{"host -- --name anna", "", "host --name anna", ""},
		{"-- host --name", "", "host --name", ""},
		{"--nmae anna", "", "", "there is no --nmae; did you mean --name?"},
		{"host --qick", "", "", "there is no --qick; did you mean --quick?"},
		{"--else", "", "", "there is no --else"},
		{"-x", "", "", "there is no -x; did you mean -c?"},
		{"--name", "", "", "--name needs a value"},
		{"-c", "", "", "-c needs a value"},
		{"-h", "", "", flag.ErrHelp.Error()},
	} {
		set := flag.NewFlagSet("test", flag.ContinueOnError)
		name := set.String("name", "", "")
		set.Bool("quick", false, "")
		set.String("c", "", "")
		words, err := Parse(set, strings.Fields(test.args))
		said := ""
		if err != nil {
			said = err.Error()
		} else if *name != test.name {
			t.Errorf("%q: got the name %q, want %q", test.args, *name, test.name)
		}
		if said != test.err || strings.Join(words, " ") != test.words {
			t.Errorf("%q: got %q, %q; want %q, %q", test.args, words, said, test.words, test.err)
		}
	}
}
