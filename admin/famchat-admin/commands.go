package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"famchat/internal/nearest"
	"famchat/internal/version"
)

const (
	name      = "famchat-admin"
	socketEnv = "FAMCHAT_ADMIN"
)

const about = `Looks after a family's chat: who is here, who must leave, what everyone is
told.

Without a command it is a console, where the same commands are typed. In a
pipe or a file it reads commands from there, one on a line.

A person is named as they are in the room, however it is typed, or by number
as #17 (in a shell: '#17'). On a terminal, lists are tables; elsewhere each
line is a record with tabs between its fields, and --json makes it an object
of JSON. NO_COLOR turns the colours off.

The exit status is 0 when all was done, 2 for wrong usage, 3 where there is no
such member, plugin or ban, 4 where it was refused, 5 where no daemon is
there, and 1 for anything else.`

const examples = `  famchat-admin list
  famchat-admin kick leo --for 10m --reason "enough cake talk"
  echo "Dinner is ready" | famchat-admin broadcast -
  famchat-admin watch --json`

// newRoot is the table of commands: the console, single commands, help, completion and
// the manual pages are made of it. It is made anew for each command that is run.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use: name, Short: "Look after a family's chat", Long: about, Example: examples,
		Version:       version.String(),
		SilenceErrors: true, SilenceUsage: true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(c, args[0])
		},
		RunE: func(c *cobra.Command, _ []string) error { return a.runConsole(c.Context()) },
	}
	root.SetUsageTemplate(strings.NewReplacer(
		".FlagUsages ", ".FlagUsagesWrapped 80 ", "[command] --help\" for more information about a command.", "COMMAND --help\" for more.", "[command]", "COMMAND",
	).Replace(root.UsageTemplate()))
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(wrongFlag)
	root.SetOut(a.p.out)
	root.SetErr(a.p.err)
	root.AddGroup(&cobra.Group{ID: people, Title: "People:"}, &cobra.Group{ID: daemon, Title: "The daemon:"})
	root.SetHelpCommandGroupID(daemon)
	root.AddCommand(
		listCommand(a), kickCommand(a), bansCommand(a), unbanCommand(a), muteCommand(a), unmuteCommand(a),
		broadcastCommand(a), tellCommand(a),
		statsCommand(a), topCommand(a), watchCommand(a), pluginsCommand(a), pluginCommand(a), reloadCommand(a), shutdownCommand(a),
	)
	if a.console {
		root.AddCommand(quitCommand(a))
		root.CompletionOptions.DisableDefaultCmd = true
		root.Use, root.Long, root.Version = consoleName, consoleAbout, ""
		root.SetUsageTemplate(consoleUsage)
	} else {
		root.PersistentFlags().StringVar(&a.client.Socket, "socket", a.getenv(socketEnv), "`PATH` of the daemon's socket (else $"+socketEnv+", else the default)")
		root.PersistentFlags().Lookup("socket").DefValue = "" // help says it, and pages are the same everywhere
		root.SetCompletionCommandGroupID(daemon)
		root.AddCommand(manCommand())
		root.PersistentPreRun = func(c *cobra.Command, _ []string) {
			// What runs in a console handles SIGINT there.
			if c.HasParent() {
				ctx, _ := interruptible(c.Context())
				c.SetContext(ctx)
			}
		}
	}
	return root
}

// The groups of commands.
const (
	people = "people"
	daemon = "daemon"
)

// unknownCommand says that there is no such command, and which may have been meant.
func unknownCommand(c *cobra.Command, typed string) error {
	f := nearest.New(typed)
	for _, known := range c.Commands() {
		for _, word := range known.SuggestFor {
			if word == typed {
				return usage(c, "there is no command %q; %s does that", typed, known.Name())
			}
		}
		if known.IsAvailableCommand() || known.Name() == "help" {
			f.Try(known.Name())
		}
	}
	return usage(c, "there is no command %q%s", typed, didYouMean(f, ""))
}

// wrongFlag says what is wrong with a flag, and which may have been meant.
func wrongFlag(c *cobra.Command, err error) error {
	unknown, missing, invalid := (*pflag.NotExistError)(nil), (*pflag.ValueRequiredError)(nil), (*pflag.InvalidValueError)(nil)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usage(c, "there is no flag -%s; a text that begins with - goes after --", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		f := nearest.New(unknown.GetSpecifiedName())
		c.Flags().VisitAll(func(flag *pflag.Flag) { f.Try(flag.Name) })
		return usage(c, "there is no flag --%s%s", unknown.GetSpecifiedName(), didYouMean(f, "--"))
	case errors.As(err, &missing):
		return usage(c, "--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		return usage(c, "--%s %q: %v", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap())
	}
	return usage(c, "%v", err)
}

// didYouMean names the words that may have been meant.
func didYouMean(f *nearest.Finder, prefix string) string {
	best := f.Best()
	if len(best) == 0 {
		return ""
	}
	for i := range best {
		best[i] = prefix + best[i]
	}
	return "; did you mean " + strings.Join(best, " or ") + "?"
}

// usage makes an error of how c was used.
func usage(c *cobra.Command, format string, args ...any) error {
	return &usageError{message: fmt.Sprintf(format, args...), command: typed(c.CommandPath())}
}

// atLeast says what is missing where there are fewer than n arguments.
func atLeast(n int, missing string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < n {
			return usage(c, "%s", missing)
		}
		for _, arg := range args {
			if arg == "" {
				return usage(c, "one of its words is empty")
			}
		}
		return nil
	}
}

// noArgs says that there are words that the command does not take.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(c, "%s takes no %q", c.Name(), args[0])
	}
	return nil
}

func quitCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "quit", Aliases: []string{"exit"}, Short: "Leave the console", GroupID: daemon, Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			a.quit = true
			return nil
		},
	}
}
