package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"famchat/admin"
)

func pluginsCommand(a *app) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "plugins", Short: "List the plugins and how they do", GroupID: daemon, Args: noArgs,
		Long: `Lists the plugins, in the order of famchat.yaml. A plugin that fails again and
again is left alone for a while: its breaker is open. One to which that happens
too often within an hour is given up until it is enabled or reloaded.

In a pipe the fields are name, version, state, seconds until it is tried
again, process, hooks, calls, failures, crashes, restarts, and p50 and p99 of
its latest calls in seconds.`,
		RunE: func(c *cobra.Command, _ []string) error {
			plugins, err := a.client.Plugins(c.Context())
			if err != nil {
				return err
			}
			for _, p := range plugins {
				if asJSON {
					if err := a.p.json(p); err != nil {
						return err
					}
				} else if !a.p.terminal {
					a.p.record(p.Name, p.Version, p.State, seconds(p.RetryIn), number(p.PID), strings.Join(p.Hooks, ","), number(p.Calls),
						number(p.Failures), number(p.Crashes), number(p.Restarts), seconds(p.P50), seconds(p.P99))
				}
			}
			if a.p.terminal && !asJSON {
				a.printPlugins(plugins)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print an object of JSON on a line each")
	return c
}

func (a *app) printPlugins(plugins []admin.Plugin) {
	if len(plugins) == 0 {
		a.p.line(dim, "there are no plugins")
		return
	}
	t := newTable("NAME", "VERSION", "STATE", "HOOKS", "CALLS", "FAILURES", "CRASHES", "P50", "P99").numbers(4, 5, 6, 7, 8)
	for _, p := range plugins {
		t.row(p.Name, p.Version, pluginState(p), strings.Join(p.Hooks, ","), number(p.Calls), number(p.Failures), number(p.Crashes),
			short(time.Duration(p.P50)), short(time.Duration(p.P99)))
	}
	a.p.table(t)
}

// pluginState says what state a plugin is in, and until when it is left alone.
func pluginState(p admin.Plugin) string {
	if p.RetryIn > 0 {
		return fmt.Sprintf("%s, tried again in %s", p.State, span(time.Duration(p.RetryIn)+time.Second-1))
	}
	return p.State
}

func pluginCommand(a *app) *cobra.Command {
	parent := &cobra.Command{
		Use: "plugin reload|disable|enable NAME...", Short: "Reload, disable or enable plugins", GroupID: daemon,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(c, "say what to do: plugin reload, plugin disable or plugin enable, and a name")
			}
			return unknownCommand(c, args[0])
		},
		RunE: func(*cobra.Command, []string) error { return nil }, // Args has refused it
	}
	for _, action := range []struct {
		name, short, done string
		do                func(*cobra.Command, string) error
	}{
		{"reload", "Start plugins anew", "started anew", func(c *cobra.Command, name string) error { return a.client.ReloadPlugin(c.Context(), name) }},
		{"disable", "End plugins, as if they were not there, until they are enabled", "disabled", func(c *cobra.Command, name string) error { return a.client.DisablePlugin(c.Context(), name) }},
		{"enable", "Start plugins that were disabled or given up", "enabled", func(c *cobra.Command, name string) error { return a.client.EnablePlugin(c.Context(), name) }},
	} {
		parent.AddCommand(&cobra.Command{
			Use: action.name + " NAME...", Short: action.short, ValidArgsFunction: a.completePlugins,
			Args: atLeast(1, "say which; plugins lists them"),
			RunE: func(c *cobra.Command, args []string) error {
				var failed error
				for _, arg := range args {
					err := action.do(c, arg)
					switch {
					case err == nil:
						a.p.linef("%s: %s", arg, action.done)
					case len(args) == 1 || exitCode(err) == exitNoDaemon:
						return err
					default:
						a.p.fail(a.prefix() + err.Error())
						failed = &outcomesError{exitCode(err)}
					}
				}
				return failed
			},
		})
	}
	return parent
}

func reloadCommand(a *app) *cobra.Command {
	var r admin.ReloadRequest
	asJSON := false
	c := &cobra.Command{
		Use: "reload", Short: "Have the daemon read famchat.yaml again", GroupID: daemon, Args: noArgs,
		Long: `Has the daemon read famchat.yaml again: all of it or, where something is
wrong, nothing. It says what has changed, and what needs a restart.

In a pipe the fields are "changed" or "restart", the setting, what it was, and
what it is.`,
		Example: "  famchat-admin reload --dry-run",
		RunE: func(c *cobra.Command, _ []string) error {
			answer, err := a.client.Reload(c.Context(), r)
			if err != nil {
				return err
			}
			if asJSON {
				return a.p.json(answer)
			}
			a.printReload(answer, r.DryRun)
			return nil
		},
	}
	c.Flags().BoolVar(&r.DryRun, "dry-run", false, "only say what would change")
	c.Flags().BoolVar(&asJSON, "json", false, "print an object of JSON")
	return c
}

func (a *app) printReload(answer admin.ReloadAnswer, dryRun bool) {
	restart := map[string]bool{}
	for _, setting := range answer.Restart {
		restart[setting] = true
	}
	if !a.p.terminal {
		for _, change := range answer.Changed {
			kind := "changed"
			if restart[change.Setting] {
				kind = "restart"
			}
			a.p.record(kind, change.Setting, change.Old, change.New)
		}
		return
	}
	for _, change := range answer.Changed {
		note := ""
		if restart[change.Setting] {
			note = " (counts after a restart)"
		}
		a.p.linef("%s: %s -> %s%s", change.Setting, change.Old, change.New, note)
	}
	switch {
	case len(answer.Changed) == 0:
		a.p.line(dim, "no setting differs")
	case dryRun:
		a.p.line(dim, "nothing was changed: this was a dry run")
	default:
		a.p.line(dim, "reloaded")
	}
}

func shutdownCommand(a *app) *cobra.Command {
	var in durationFlag
	cancel, yes := false, false
	c := &cobra.Command{
		Use: "shutdown", Short: "Stop the daemon, with a goodbye to everyone", GroupID: daemon, Args: noArgs,
		Long: `Stops the daemon. Everyone reads a goodbye; with --in they read a countdown
before. A new countdown replaces the one under way, and --cancel ends it.`,
		Example:    "  famchat-admin shutdown --in 60s\n  famchat-admin shutdown --cancel",
		SuggestFor: []string{"stop", "restart", "halt"},
		RunE: func(c *cobra.Command, _ []string) error {
			if cancel {
				if in != 0 {
					return usage(c, "--cancel and --in do not go together")
				}
				if err := a.client.CancelShutdown(c.Context()); err != nil {
					return err
				}
				a.p.line(plain, "the daemon goes on")
				return nil
			}
			question, done := "Stop the daemon now?", "the daemon stops"
			if in != 0 {
				question, done = "Stop the daemon in "+span(time.Duration(in))+"?", "the daemon stops in "+span(time.Duration(in))
			}
			if err := a.confirm(c, yes, question); err != nil {
				return err
			}
			if err := a.client.Shutdown(c.Context(), time.Duration(in)); err != nil {
				return err
			}
			a.p.line(plain, done)
			return nil
		},
	}
	c.Flags().Var(&in, "in", "count down for this long, which everyone reads")
	c.Flags().BoolVar(&cancel, "cancel", false, "end the countdown under way")
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	complete(c, "in", "30s", "60s", "5m", "10m")
	return c
}
