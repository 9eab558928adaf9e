package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"famchat/internal/version"
)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man [DIR]", Short: "Write the manual pages", GroupID: daemon,
		Long: `Writes the manual pages, one for each command, into the folder DIR. Without
DIR the page of famchat-admin goes to standard output.`,
		Example: "  famchat-admin man | man -l -\n  famchat-admin man /usr/local/share/man/man8",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(c, "one folder is enough")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Section: "8", Source: "famchat " + version.String(), Manual: "Famchat", Date: built()}
			if len(args) == 0 {
				return doc.GenMan(root, header, c.OutOrStdout())
			}
			if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
				return usage(c, "%s is no folder; make it first", args[0])
			}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("the manual pages cannot be written: %w", err)
			}
			return nil
		},
	}
}

// built is when the commit was made that this is built from: the same source has
// the same pages.
func built() *time.Time {
	date := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				date = t
			}
		}
	}
	return &date
}
