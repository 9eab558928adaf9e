package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// maxTextBytes is how much of standard input is read as a text: as much as the room
// shows at once, and one more to see that it is too long.
const maxTextBytes = 4096

func broadcastCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "broadcast TEXT...|-", Short: "Announce something to everyone", GroupID: people,
		Long: `Shows a text to everyone, in the server's name, so that it stands out. With -
the text is read from standard input, of one or several lines.`,
		Example:    "  famchat-admin broadcast \"The server restarts at 22:00\"\n  famchat-admin broadcast - < notice.txt",
		SuggestFor: []string{"say", "announce", "wall", "shout"},
		Args:       atLeast(1, "say what, as in: broadcast dinner is ready"), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			text := strings.Join(args, " ")
			if text == "-" {
				var err error
				if text, err = a.readText(c); err != nil {
					return err
				}
			}
			if strings.TrimSpace(text) == "" {
				return usage(c, "there is nothing to announce")
			}
			if err := a.client.Broadcast(c.Context(), text); err != nil {
				return err
			}
			a.p.line(plain, "everyone was told")
			return nil
		},
	}
	c.Flags().SetInterspersed(false) // what follows the first word is text
	return c
}

// readText reads a text from standard input.
func (a *app) readText(c *cobra.Command) (string, error) {
	if a.console {
		return "", usage(c, "- reads from standard input, which is the console here; type the text instead")
	}
	b, err := io.ReadAll(io.LimitReader(a.in, maxTextBytes+2))
	if err != nil {
		return "", fmt.Errorf("the text cannot be read: %w", err)
	}
	text := strings.TrimRight(string(b), "\r\n")
	if len(text) > maxTextBytes {
		return "", usage(c, "the text is longer than %d bytes", maxTextBytes)
	}
	return text, nil
}

func tellCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "tell NAME TEXT...", Short: "Tell one person something", GroupID: people,
		Long:              "Shows a text to one person, in the server's name.",
		Example:           "  famchat-admin tell leo \"your homework is on the table\"",
		SuggestFor:        []string{"msg", "whisper"},
		ValidArgsFunction: a.completeMembers(1),
		Args: func(c *cobra.Command, args []string) error {
			if err := atLeast(1, "say whom and what, as in: tell leo dinner is ready")(c, args); err != nil {
				return err
			}
			if len(args) < 2 || strings.TrimSpace(strings.Join(args[1:], " ")) == "" {
				return usage(c, "say what %s is to be told", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.client.Tell(c.Context(), args[0], strings.Join(args[1:], " ")); err != nil {
				return err
			}
			a.p.linef("%s was told", args[0])
			return nil
		},
	}
	c.Flags().SetInterspersed(false)
	return c
}

// readLine reads a line and no byte more: what follows is for whoever reads next.
func readLine(r io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for {
		n, err := r.Read(b[:])
		switch {
		case n > 0 && b[0] == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case n > 0:
			line = append(line, b[0])
		}
		if errors.Is(err, io.EOF) && len(line) > 0 {
			return string(line), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// isYes tells whether an answer is yes.
func isYes(answer string) bool {
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	}
	return false
}
