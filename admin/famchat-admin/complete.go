package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"famchat/internal/safetext"
)

// completeTimeout is how long a daemon may take to say what may be completed: the prompt
// waits for it.
const completeTimeout = 300 * time.Millisecond

// spans are times that people like.
var spans = []string{"10m", "1h", "1d"}

type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// complete offers words for the value of a flag.
func complete(c *cobra.Command, flag string, words ...string) {
	offer := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
	if err := c.RegisterFlagCompletionFunc(flag, offer); err != nil {
		panic(err) // there is no such flag
	}
}

// offer makes a completion of a question to the daemon: none of the words that are there
// already, and for at most so many words as most says; -1 is any number.
func offer(most int, ask func(context.Context) []string) completion {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if most >= 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		parent := c.Context()
		if parent == nil {
			parent = context.Background()
		}
		ctx, cancel := context.WithTimeout(parent, completeTimeout)
		defer cancel()
		words := slices.DeleteFunc(ask(ctx), func(word string) bool {
			// What is not safe on a terminal is not offered there.
			return word == "" || safetext.Line(word) != word || slices.Contains(args, word)
		})
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeMembers offers the names of who is here, and numbers of those who have none.
func (a *app) completeMembers(most int) completion {
	return offer(most, func(ctx context.Context) (words []string) {
		members, _ := a.client.Members(ctx) // without a daemon there is nothing to offer
		for _, m := range members {
			if m.Name == "" && a.console { // to a shell it would be a comment
				m.Name = fmt.Sprintf("#%d", m.ID)
			}
			words = append(words, m.Name)
		}
		slices.Sort(words)
		return words
	})
}

func (a *app) completePlugins(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	return offer(-1, func(ctx context.Context) (words []string) {
		plugins, _ := a.client.Plugins(ctx)
		for _, p := range plugins {
			words = append(words, p.Name)
		}
		return words
	})(c, args, word)
}

func (a *app) completeBans(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	return offer(-1, func(ctx context.Context) (words []string) {
		bans, _ := a.client.Bans(ctx)
		for _, b := range bans {
			words = append(words, b.Name+b.Address) // it is one of them
		}
		return words
	})(c, args, word)
}
