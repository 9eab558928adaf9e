package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// consoleName is the name of the table of commands in a console, where nobody types it.
const consoleName = "console"

const consoleAbout = `Type a command. Tab completes, Ctrl-R searches what was typed before, Ctrl-C
cancels a line or ends what runs, Ctrl-D leaves.`

// consoleUsage is how a command is used, as it is typed in a console.
const consoleUsage = `{{if .HasParent}}Usage:
  {{typed .UseLine}}
{{with typedExamples .Example}}
Examples:
{{.}}
{{end}}{{if .HasAvailableLocalFlags}}
Flags:
{{.LocalFlags.FlagUsagesWrapped 80}}{{end}}{{end}}{{if .HasAvailableSubCommands}}{{$all := .Commands}}{{range $i, $group := .Groups}}{{if $i}}
{{end}}{{$group.Title}}{{range $all}}{{if and (eq .GroupID $group.ID) .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{end}}{{if not .Groups}}
Commands:{{range $all}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{end}}
help COMMAND tells more of each.
{{end}}`

func init() {
	cobra.AddTemplateFuncs(map[string]any{"typed": typed, "typedExamples": typedExamples})
}

// typed is a command as it is typed in a console.
func typed(line string) string {
	return strings.TrimSpace(strings.TrimPrefix(line, consoleName))
}

// typedExamples are the examples of a command that a console can run: those without a shell's pipes.
func typedExamples(examples string) string {
	var lines []string
	for line := range strings.SplitSeq(examples, "\n") {
		if !strings.ContainsAny(line, "|<") {
			lines = append(lines, strings.Replace(line, name+" ", "", 1))
		}
	}
	return strings.Join(lines, "\n")
}
