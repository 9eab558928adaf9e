package host

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"famchat/daemon/hooks"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// maxHelp is how long a command's line of help may be, in bytes.
const maxHelp = 200

// reserved are the daemon's own commands.
var reserved = []string{"help", "quit", "bell"}

// offer is what a plugin has, as it said when it was started.
type offer struct {
	version                string
	names, filters, events bool
	public, private        bool
	commands               []hooks.Command
}

// newOffer checks what a plugin says that it has.
func newOffer(r *pluginpb.InitResponse) (offer, error) {
	o := offer{version: r.Version, public: len(r.Kinds) == 0, private: len(r.Kinds) == 0}
	if !printable(r.Version, 64) {
		return o, fmt.Errorf("its version is not a short text: %.80q", r.Version)
	}
	for _, h := range r.Hooks {
		switch h {
		case pluginpb.Hook_HOOK_VALIDATE_NAME:
			o.names = true
		case pluginpb.Hook_HOOK_FILTER_MESSAGE:
			o.filters = true
		case pluginpb.Hook_HOOK_OBSERVE:
			o.events = true
		default:
			return o, fmt.Errorf("it has a hook that this version does not know: %v", h)
		}
	}
	for _, k := range r.Kinds {
		switch k {
		case pluginpb.Kind_KIND_PUBLIC:
			o.public = true
		case pluginpb.Kind_KIND_PRIVATE:
			o.private = true
		default:
			return o, fmt.Errorf("it wants a kind of message that this version does not know: %v", k)
		}
	}
	if len(r.Commands) > contract.MaxCommands {
		return o, fmt.Errorf("it offers %d commands, at most %d are possible", len(r.Commands), contract.MaxCommands)
	}
	for _, c := range r.Commands {
		if err := o.addCommand(c); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o *offer) addCommand(c *pluginpb.Command) error {
	switch {
	case !nameRule.MatchString(c.Name):
		return fmt.Errorf("it offers a command that is not called by a-z, 0-9 and -: %.80q", c.Name)
	case slices.Contains(reserved, c.Name):
		return fmt.Errorf("it offers /%s, which is the daemon's own", c.Name)
	case o.has(c.Name):
		return fmt.Errorf("it offers /%s twice", c.Name)
	case !printable(c.Help, maxHelp) || !printable(c.Args, maxHelp) || c.Help == "":
		return fmt.Errorf("the help of /%s is not one line of text of at most %d bytes", c.Name, maxHelp)
	}
	for _, completion := range c.Completions {
		if !printable(completion, maxHelp) {
			return fmt.Errorf("a completion of /%s is not one line of text: %.80q", c.Name, completion)
		}
	}
	o.commands = append(o.commands, hooks.Command{Name: c.Name, Args: c.Args, Help: c.Help, Completions: c.Completions})
	return nil
}

// has reports whether a command is offered.
func (o *offer) has(command string) bool {
	return slices.ContainsFunc(o.commands, func(c hooks.Command) bool { return c.Name == command })
}

// wants reports whether messages of a kind are to be shown.
func (o *offer) wants(k hooks.Kind) bool {
	return k == hooks.Public && o.public || k == hooks.Private && o.private
}

// printable reports whether s is one line of valid text of at most n bytes.
func printable(s string, n int) bool {
	return len(s) <= n && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 })
}
