package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"famchat/admin"
)

func watchCommand(a *app) *cobra.Command {
	asJSON, messages := false, false
	c := &cobra.Command{
		Use: "watch", Short: "Show what happens, as it happens", GroupID: daemon, Args: noArgs,
		Long: `Shows who joins, who leaves and why, who is removed, and what becomes of
plugins, until Ctrl-C. What people write to each other is shown only with
--messages, and only where admin.may_read is true in famchat.yaml; then
everyone reads so when they join.

In a pipe the fields are the time (RFC 3339), the kind, id, name, reason,
plugin, to whom, the text, and how many events were lost before it.`,
		Example: "  famchat-admin watch --json | jq -r 'select(.kind == \"joined\") | .name'",
		RunE: func(c *cobra.Command, _ []string) error {
			w, err := a.client.Watch(c.Context(), messages)
			if err != nil {
				return err
			}
			defer w.Close()
			// An answer that waits to be read must not outlast Ctrl-C.
			defer context.AfterFunc(c.Context(), func() { w.Close() })()
			for {
				e, err := w.Next()
				switch {
				case c.Context().Err() != nil: // that is how it ends
					if a.terminal {
						a.p.line(plain, "") // after the ^C
					}
					return nil
				case err != nil:
					return endOfWatch(err)
				}
				if asJSON {
					err = a.p.json(e)
				} else {
					a.printEvent(e)
				}
				if err := errors.Join(err, a.p.flush()); err != nil {
					return err
				}
			}
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print an object of JSON on a line each")
	c.Flags().BoolVar(&messages, "messages", false, "what people write, too, where famchat.yaml allows it")
	return c
}

// endedError says that the daemon ended while it was watched.
type endedError struct{ none *admin.NoDaemonError }

func (endedError) Error() string   { return "the daemon has ended" }
func (e endedError) Unwrap() error { return e.none }

// endOfWatch says what ended a look at the daemon.
func endOfWatch(err error) error {
	if none := (*admin.NoDaemonError)(nil); errors.As(err, &none) {
		return endedError{none}
	}
	return err
}

func (a *app) printEvent(e admin.Event) {
	if !a.p.terminal {
		a.p.record(stamp(e.Time), e.Kind, number(e.ID), e.Name, e.Reason, e.Plugin, e.To, e.Text, number(e.Lost))
		return
	}
	if e.Lost > 0 {
		a.p.line(red, fmt.Sprintf("(%d events before this one were lost: too many at once)", e.Lost))
	}
	style, text := eventLine(e)
	a.p.line(style, e.Time.Local().Format("15:04:05")+" "+text)
}

// departure says how somebody left. The reasons are the words of the daemon's log.
func departure(e admin.Event) string {
	switch e.Reason {
	case "left", "":
		return "left"
	case "removed":
		if e.Text != "" {
			return "was removed: " + e.Text
		}
		return "was removed"
	}
	return "was disconnected: " + e.Reason
}

// eventLine says what happened, for people.
func eventLine(e admin.Event) (style, text string) {
	switch e.Kind {
	case admin.EventJoined:
		return green, fmt.Sprintf("* %s joined", who(e.ID, e.Name))
	case admin.EventLeft:
		return dim, "* " + who(e.ID, e.Name) + " " + departure(e)
	case admin.EventMessage:
		if e.To != "" {
			return plain, fmt.Sprintf("~ %s -> %s: %s", e.Name, e.To, e.Text)
		}
		return plain, fmt.Sprintf("  %s: %s", e.Name, e.Text)
	case admin.EventPlugin:
		return bold, strings.TrimRight(fmt.Sprintf("! plugin %s: %s", e.Plugin, e.Text), ": ")
	}
	// A newer daemon may know more.
	return plain, strings.Join(strings.Fields(strings.Join([]string{"*", e.Kind, e.Name, e.Plugin, e.Reason, e.Text}, " ")), " ")
}
