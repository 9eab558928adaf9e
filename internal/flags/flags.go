// Package flags parses a command line with package flag, and says what is wrong with
// it as a sentence that names flags the way people type them, with two dashes. It
// must not know what a flag is for.
package flags

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"famchat/internal/nearest"
)

// terminator ends the flags.
const terminator = "--"

// Parse parses args, and returns the words that are no flags. Flags may stand after
// words, up to a "--". The error is flag.ErrHelp, or a sentence about the first
// flag that is wrong.
func Parse(set *flag.FlagSet, args []string) (words []string, err error) {
	set.SetOutput(io.Discard)
	for {
		if err := set.Parse(args); err != nil {
			return nil, explain(set, err)
		}
		rest := set.Args()
		if parsed := len(args) - len(rest); parsed > 0 && args[parsed-1] == terminator {
			return append(words, rest...), nil
		}
		if len(rest) == 0 {
			return words, nil
		}
		words = append(words, rest[0])
		args = rest[1:]
	}
}

// explain says what err says, of which package flag has no types.
func explain(set *flag.FlagSet, err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		known := nearest.New(name)
		set.VisitAll(func(f *flag.Flag) { known.Try(f.Name) })
		sentence := "there is no " + dashed(name)
		if best := known.Best(); len(best) > 0 {
			sentence += "; did you mean " + dashed(best[0]) + "?"
		}
		return errors.New(sentence)
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
		return fmt.Errorf("%s needs a value", dashed(name))
	}
	return err
}

// dashed is how a flag is typed.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
