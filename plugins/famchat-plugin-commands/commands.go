package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"

	"famchat/plugins"
)

// config is what famchat.yaml has for the plugin:
//
//	plugins:
//	  - name: commands
//	    grants: [members, say, private]
//	    config:
//	      # Commands to leave out.
//	      disabled: [roll]
//
// A command that lacks a grant is not offered, and the log says so at the start:
// /who needs members, /msg members and private, /reply private, /me and /roll say
// or act.
type config struct {
	Disabled []string `json:"disabled"`
}

func newPlugin(h *plugins.Host, c config) (*plugins.Hooks, error) {
	return newCommands(h, c, rand.IntN)
}

// command is a command and what it must be granted: of each of needs, one.
type command struct {
	plugins.Command
	needs [][]plugins.Grant
}

var (
	members  = []plugins.Grant{plugins.GrantMembers}
	private  = []plugins.Grant{plugins.GrantPrivate}
	sayOrAct = []plugins.Grant{plugins.GrantSay, plugins.GrantAct}
)

// newCommands is newPlugin with the dice that are thrown: intN returns a number
// from 0 to n-1, and MUST be safe for concurrent use.
func newCommands(h *plugins.Host, c config, intN func(n int) int) (*plugins.Hooks, error) {
	all := table(intN)
	if err := checkDisabled(all, c.Disabled); err != nil {
		return nil, err
	}
	hooks := &plugins.Hooks{}
	for _, command := range all {
		if slices.Contains(c.Disabled, command.Name) {
			continue
		}
		if missing := command.missing(h); missing != "" {
			h.Log.Info("command is not offered: it lacks what grants in famchat.yaml may give it",
				slog.String("command", "/"+command.Name), slog.String("grants", missing))
			continue
		}
		hooks.Commands = append(hooks.Commands, command.Command)
	}
	return hooks, nil
}

// table has all commands, sorted by name.
func table(intN func(n int) int) []command {
	return []command{
		{Command: plugins.Command{Name: "about", Help: "the server, its plugins, and which of them read what you write", Run: about}},
		{Command: plugins.Command{
			Name: "me", Args: "text", Help: "say what you do: /me waves", Completions: []string{"laughs", "nods", "waves"}, Run: me,
		}, needs: [][]plugins.Grant{sayOrAct}},
		{Command: plugins.Command{
			Name: "msg", Args: "name text", Help: "to one person, like @name text", Run: msg,
		}, needs: [][]plugins.Grant{members, private}},
		{Command: plugins.Command{
			Name: "reply", Args: "text", Help: "to whoever last wrote to you in private", Run: reply,
		}, needs: [][]plugins.Grant{private}},
		{Command: plugins.Command{
			Name: "roll", Args: "[dice]", Help: "throw dice before everyone: /roll 2d6, /roll d20+3",
			Completions: []string{"d6", "2d6", "d20", "d20+3", "d100"}, Run: roll(intN),
		}, needs: [][]plugins.Grant{sayOrAct}},
		{Command: plugins.Command{Name: "time", Help: "what time it is where the server is", Run: clock}},
		{Command: plugins.Command{Name: "uptime", Help: "how long the server has been running", Run: uptime}},
		{Command: plugins.Command{Name: "who", Help: "who is here", Run: who}, needs: [][]plugins.Grant{members}},
	}
}

// missing are the grants that a command lacks, as a person reads them.
func (c *command) missing(h *plugins.Host) string {
	var missing []string
	for _, oneOf := range c.needs {
		if slices.ContainsFunc(oneOf, h.Granted) {
			continue
		}
		var words []string
		for _, g := range oneOf {
			words = append(words, string(g))
		}
		missing = append(missing, alternatives(words))
	}
	return strings.Join(missing, ", ")
}

// checkDisabled is an error where a command is disabled that there is not.
func checkDisabled(all []command, disabled []string) error {
	var known []string
	for _, c := range all {
		known = append(known, c.Name)
	}
	for _, name := range disabled {
		if !slices.Contains(known, name) {
			return fmt.Errorf("config: disabled: there is no command %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// refuse is a Result that says what to do, in a sentence with its full stop, and
// hands back what was typed.
func refuse(c plugins.Call, sentence string) plugins.Result {
	if c.Args == "" {
		return plugins.Fail(sentence)
	}
	return plugins.Fail(sentence + " Not sent: /" + c.Command + " " + c.Args)
}

// me says what somebody does.
func me(_ context.Context, c plugins.Call) plugins.Result {
	if c.Args == "" {
		return refuse(c, "say what you do: /me and the text, as in /me waves.")
	}
	return plugins.Do(plugins.Act(c.Args))
}

// alternatives is "dad, dan or day".
func alternatives(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
