package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"famchat/admin"
)

// orders are the orders of a list of members.
var orders = map[string]func(a, b admin.Member) int{
	"id":       func(a, b admin.Member) int { return cmp.Compare(a.ID, b.ID) },
	"name":     func(a, b admin.Member) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) },
	"address":  func(a, b admin.Member) int { return strings.Compare(a.Address, b.Address) },
	"since":    func(a, b admin.Member) int { return a.Since.Compare(b.Since) },
	"idle":     func(a, b admin.Member) int { return cmp.Compare(b.Idle, a.Idle) },
	"messages": func(a, b admin.Member) int { return cmp.Compare(b.Messages, a.Messages) },
	"backlog":  func(a, b admin.Member) int { return cmp.Compare(b.Backlog, a.Backlog) },
}

var orderNames = []string{"id", "name", "address", "since", "idle", "messages", "backlog"}

func listCommand(a *app) *cobra.Command {
	asJSON, choosing, muted := false, false, false
	order := "id"
	c := &cobra.Command{
		Use: "list [FILTER...]", Short: "List who is connected", GroupID: people,
		Long: `Lists who is connected, those who still choose a name too: id, name, address,
since when, idle for how long, messages sent, bytes that wait for them. With
FILTER only those whose name or address has it.

In a pipe the fields are id, name, address, since (RFC 3339), idle (seconds),
messages, backlog (bytes), and "muted" or nothing.`,
		Example:           "  famchat-admin list --sort idle\n  famchat-admin list --json | jq -r .name",
		SuggestFor:        []string{"who", "members", "users", "ls"},
		ValidArgsFunction: a.completeMembers(-1),
		RunE: func(c *cobra.Command, args []string) error {
			compare, ok := orders[order]
			if !ok {
				return usage(c, "--sort is one of %s, not %q", strings.Join(orderNames, ", "), order)
			}
			members, err := a.client.Members(c.Context())
			if err != nil {
				return err
			}
			shown := slices.DeleteFunc(members, func(m admin.Member) bool {
				return choosing && m.Name != "" || muted && !m.Muted || !matches(m, args)
			})
			slices.SortStableFunc(shown, compare)
			return a.printMembers(shown, len(args) > 0 || choosing || muted, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print an object of JSON on a line each")
	c.Flags().StringVar(&order, "sort", order, "by `WHAT`: "+strings.Join(orderNames, ", "))
	c.Flags().BoolVar(&choosing, "choosing", false, "only those who still choose a name")
	c.Flags().BoolVar(&muted, "muted", false, "only those who are muted")
	complete(c, "sort", orderNames...)
	return c
}

// matches tells whether a member's name or address has one of the words.
func matches(m admin.Member, words []string) bool {
	has := func(word string) bool {
		return strings.Contains(strings.ToLower(m.Name), strings.ToLower(word)) || strings.Contains(m.Address, word) ||
			word == fmt.Sprintf("#%d", m.ID)
	}
	return len(words) == 0 || slices.ContainsFunc(words, has)
}

func (a *app) printMembers(members []admin.Member, filtered, asJSON bool) error {
	now := time.Now()
	t := newTable("ID", "NAME", "ADDRESS", "SINCE", "IDLE", "MESSAGES", "BACKLOG").numbers(0, 4, 5, 6)
	for _, m := range members {
		note := ""
		if m.Muted {
			note = "muted"
		}
		switch {
		case asJSON:
			if err := a.p.json(m); err != nil {
				return err
			}
		case a.p.terminal:
			shown := m.Name
			if shown == "" {
				shown = "(choosing a name)"
			}
			if m.Muted {
				shown += " (muted)"
			}
			t.row(fmt.Sprintf("#%d", m.ID), shown, m.Address, clock(m.Since, now), span(time.Duration(m.Idle)), number(m.Messages), size(float64(m.Backlog)))
		default:
			a.p.record(number(m.ID), m.Name, m.Address, stamp(m.Since), seconds(m.Idle), number(m.Messages), number(m.Backlog), note)
		}
	}
	switch {
	case asJSON || !a.p.terminal:
	case len(members) > 0:
		a.p.table(t)
	case filtered:
		a.p.line(dim, "nobody here is like that")
	default:
		a.p.line(dim, "nobody is here")
	}
	return nil
}

func kickCommand(a *app) *cobra.Command {
	var r admin.KickRequest
	yes := false
	c := &cobra.Command{
		Use: "kick NAME... [flags]", Short: "Remove people", GroupID: people,
		Long: `Removes people. They read why, the others that they were removed. With --for
their names stay out for that long; with --address their addresses too, unless
it is loopback, which is the whole family. The daemon remembers it over a
restart.`,
		Example:    "  famchat-admin kick leo --for 10m --reason \"enough cake talk\"\n  famchat-admin kick '#17'",
		SuggestFor: []string{"ban", "remove", "boot"},
		Args: func(c *cobra.Command, args []string) error {
			if r.All {
				if len(args) > 0 {
					return usage(c, "--all is everybody; leave out %q", args[0])
				}
				return nil
			}
			return atLeast(1, "say who, as in: kick leo")(c, args)
		},
		ValidArgsFunction: a.completeMembers(-1),
		RunE: func(c *cobra.Command, args []string) error {
			if r.Address && r.For == 0 {
				return usage(c, "--address keeps out addresses; it needs --for, which says how long")
			}
			r.Who = args
			if r.All {
				if err := a.confirm(c, yes, "Remove everybody?"); err != nil {
					return err
				}
			}
			outcomes, err := a.client.Kick(c.Context(), r)
			if err != nil {
				return err
			}
			if r.All && len(outcomes) == 0 {
				a.p.line(dim, "nobody is here")
			}
			done := "removed"
			if r.For > 0 {
				done += ", and kept out for " + span(time.Duration(r.For))
			}
			return a.printOutcomes(outcomes, done)
		},
	}
	c.Flags().Var((*durationFlag)(&r.For), "for", "how long their names stay out")
	c.Flags().BoolVar(&r.Address, "address", false, "keep out their addresses, too")
	c.Flags().StringVar(&r.Reason, "reason", "", "`TEXT` that they and the others read")
	c.Flags().BoolVar(&r.All, "all", false, "everybody; asks first")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	complete(c, "for", spans...)
	complete(c, "reason")
	return c
}

func bansCommand(a *app) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "bans", Short: "List what is kept out, and until when", GroupID: people, Args: noArgs,
		Long: `Lists the names and addresses that are kept out, the next to end first.

In a pipe the fields are "name" or "address", which it is, since, until (RFC
3339), and the reason.`,
		RunE: func(c *cobra.Command, _ []string) error {
			bans, err := a.client.Bans(c.Context())
			if err != nil {
				return err
			}
			now := time.Now()
			t := newTable("KEPT OUT", "UNTIL", "STILL", "REASON").numbers(2)
			for _, b := range bans {
				kind, what := "name", b.Name
				if what == "" {
					kind, what = "address", b.Address
				}
				switch {
				case asJSON:
					if err := a.p.json(b); err != nil {
						return err
					}
				case a.p.terminal:
					t.row(what, clock(b.Until, now), span(b.Until.Sub(now)), b.Reason)
				default:
					a.p.record(kind, what, stamp(b.Since), stamp(b.Until), b.Reason)
				}
			}
			if a.p.terminal && !asJSON && len(bans) > 0 {
				a.p.table(t)
			} else if a.p.terminal && !asJSON {
				a.p.line(dim, "nobody is kept out")
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print an object of JSON on a line each")
	return c
}

func unbanCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "unban NAME|ADDRESS...", Short: "Let names and addresses in again", GroupID: people,
		Args: atLeast(1, "say what is to be let in again; bans lists what is kept out"), ValidArgsFunction: a.completeBans,
		RunE: func(c *cobra.Command, args []string) error {
			outcomes, err := a.client.Unban(c.Context(), args...)
			if err != nil {
				return err
			}
			return a.printOutcomes(outcomes, "may come in again")
		},
	}
}

func muteCommand(a *app) *cobra.Command {
	var r admin.MuteRequest
	c := &cobra.Command{
		Use: "mute NAME... [flags]", Short: "Hand back what people send", GroupID: people,
		Long: `Mutes people: what they send comes back to them, with the reason and the time
left, and reaches nobody. Without --for it lasts until unmute.`,
		Example: "  famchat-admin mute leo --for 10m --reason \"let others speak\"",
		Args:    atLeast(1, "say who, as in: mute leo"), ValidArgsFunction: a.completeMembers(-1),
		RunE: func(c *cobra.Command, args []string) error {
			r.Who = args
			outcomes, err := a.client.Mute(c.Context(), r)
			if err != nil {
				return err
			}
			done := "muted"
			if r.For > 0 {
				done += " for " + span(time.Duration(r.For))
			}
			return a.printOutcomes(outcomes, done)
		},
	}
	c.Flags().Var((*durationFlag)(&r.For), "for", "how long; without it until unmute")
	c.Flags().StringVar(&r.Reason, "reason", "", "`TEXT` that they read")
	complete(c, "for", spans...)
	complete(c, "reason")
	return c
}

func unmuteCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "unmute NAME...", Short: "Let people be heard again", GroupID: people,
		Args: atLeast(1, "say who, as in: unmute leo"), ValidArgsFunction: a.completeMembers(-1),
		RunE: func(c *cobra.Command, args []string) error {
			outcomes, err := a.client.Unmute(c.Context(), args...)
			if err != nil {
				return err
			}
			return a.printOutcomes(outcomes, "may speak again")
		},
	}
}

// outcomesError says that not all of several were done. Each was told already.
type outcomesError struct{ code int }

func (e *outcomesError) Error() string { return "not all was done" }

// printOutcomes says what became of each of those that a command was about.
func (a *app) printOutcomes(outcomes []admin.Outcome, done string) error {
	code := exitDone
	for _, o := range outcomes {
		if o.Error != nil {
			a.p.fail(a.prefix() + o.Error.Error())
			// An unknown name counts more than what else went wrong.
			if c := codeOf(o.Error); code == exitDone || c == exitNotFound {
				code = c
			}
			continue
		}
		shown := who(o.ID, o.Name)
		if o.Name == "" && o.ID == 0 {
			shown = o.Who
		}
		a.p.linef("%s: %s", shown, done)
	}
	if code != exitDone {
		return &outcomesError{code}
	}
	return nil
}

// confirm asks before something that is hard to take back.
func (a *app) confirm(c *cobra.Command, yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.terminal {
		return usage(c, "%s asks first, and there is no terminal to ask on; give --yes", c.Name())
	}
	ok, err := a.ask(c.Context(), question)
	if err == nil && !ok {
		err = errNotDone
	}
	return err
}
