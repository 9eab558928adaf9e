package room

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
	"famchat/internal/nearest"
)

const (
	// maxEffects is how much one command may do; what is more is left undone.
	maxEffects = 64
	// maxReplyBytes is the longest answer of a command, before it is made safe:
	// with that done it still fits into limits.own_backlog's default.
	maxReplyBytes = 64 << 10
)

// own are the daemon's own commands, as /help shows them.
var own = []hooks.Command{
	{Name: "bell", Args: "on|off", Help: "a sound when somebody mentions you"},
	{Name: "help", Args: "[command]", Help: "this list, or more about one command"},
	{Name: "quit", Help: "leave"},
}

// command does what "/word args" says.
func (r *Room) command(m *member, typed []byte) {
	word, args := typed[1:], []byte(nil)
	if i := bytes.IndexAny(word, white); i >= 0 {
		word, args = word[:i], bytes.Trim(word[i:], white)
	}
	name := strings.ToLower(string(word))
	switch name {
	case "help":
		r.help(m, string(args), string(typed))
	case "quit":
		r.leave(m, Left)
	case "bell":
		r.bell(m, string(args), string(typed))
	default:
		for _, c := range r.cfg.Offers.Commands {
			if c.Name == name {
				r.call(m, name, string(args), string(typed))
				return
			}
		}
		r.refuse(m, r.unknownCommand(name), string(typed))
	}
}

// help lists the commands, or tells of one what its arguments may be.
func (r *Room) help(m *member, about, typed string) {
	if about != "" {
		name := strings.ToLower(strings.TrimPrefix(about, "/"))
		for _, c := range r.commands() {
			if c.Name == name {
				r.tell(m, screen.Notice, screen.Text(helpLine(c)+examples(c)))
				return
			}
		}
		r.refuse(m, r.unknownCommand(screen.Line(name)), typed)
		return
	}
	var b strings.Builder
	b.WriteString("how to talk:\ntext: to everyone\n@name text: to one person\n//text: to everyone, beginning with a slash")
	for _, c := range r.commands() {
		b.WriteString("\n" + helpLine(c))
	}
	r.tell(m, screen.Notice, screen.Text(b.String()))
}

func helpLine(c hooks.Command) string {
	if c.Args == "" {
		return "/" + c.Name + ": " + c.Help
	}
	return "/" + c.Name + " " + c.Args + ": " + c.Help
}

// examples are arguments that a command may have, in full, so that a client which
// completes what it has read completes them.
func examples(c hooks.Command) string {
	var b strings.Builder
	for _, arg := range c.Completions {
		b.WriteString("\n/" + c.Name + " " + arg)
	}
	return b.String()
}

// commands returns the daemon's own commands and those that hooks offer.
func (r *Room) commands() []hooks.Command {
	return append(append([]hooks.Command(nil), own...), r.cfg.Offers.Commands...)
}

func (r *Room) bell(m *member, args, typed string) {
	switch args {
	case "on":
		m.quiet = false
		r.tell(m, screen.Notice, "the bell rings when somebody mentions you")
	case "off":
		m.quiet = true
		r.tell(m, screen.Notice, "the bell is off")
	default:
		r.refuse(m, "type /bell on or /bell off.", typed)
	}
}

func (r *Room) unknownCommand(name string) string {
	near := nearest.New(name)
	for _, c := range r.commands() {
		near.Try(c.Name)
	}
	found := near.Best()
	if len(found) == 0 {
		return "there is no /" + name + "; /help lists the commands."
	}
	for i := range found {
		found[i] = "/" + found[i]
	}
	return "there is no /" + name + "; did you mean " + alternatives(found) + "?"
}

// call asks the hook that offers a command to run it. The caller's next lines
// wait for it.
func (r *Room) call(m *member, name, args, typed string) {
	c := &hooks.Call{Caller: m.public(), Command: name, Args: args}
	if from := r.members[m.lastFrom]; from != nil && from.state == present {
		c.LastPrivate = from.public()
	}
	for _, m := range r.present {
		c.Members = append(c.Members, m.public())
	}
	r.requests++
	m.waitsFor = r.requests
	r.calls.add(ask{
		request: r.requests, member: m.id, command: name, typed: typed,
		deadline: r.now.Nanos + timeout(r.cfg.Offers.CommandTimeout, hooks.DefaultCommandTimeout),
	})
	r.hold(m, heldForAnswer)
	r.out = append(r.out, Effect{Kind: AskCommand, Request: r.requests, Call: c})
}

// ran takes what a command came to.
func (r *Room) ran(m *member, a ask, result *hooks.Result) {
	m.waitsFor = 0
	if result == nil {
		result = &hooks.Result{Failed: "/" + a.command + " failed: it gave no answer"}
	}
	if failed := result.Failed; failed != "" {
		r.fail(m, strings.Trim(screen.Text(failed[:min(len(failed), maxReplyBytes)]), white))
	} else {
		r.carryOut(m, a, result)
	}
	r.release(m, heldForAnswer)
	r.moveOn(m)
}

// reply shows the caller what a command answers: it may be longer than a message.
func (r *Room) reply(m *member, result *hooks.Result) {
	if len(result.Reply) > maxReplyBytes {
		r.fail(m, "the command's answer is too long to be shown")
		return
	}
	r.text = screen.AppendText(r.text[:0], []byte(result.Reply))
	text := bytes.Trim(r.text, white)
	switch {
	case len(text) > 0:
		r.tell(m, screen.Notice, string(text))
	case len(result.Effects) == 0:
		// The caller's prompt comes back all the same.
		r.toOne(m, r.stage.begin(), screen.Prompt, false)
	}
}

// carryOut does what a command asks for: only with text that can be shown, and
// only to who is here.
func (r *Room) carryOut(m *member, a ask, result *hooks.Result) {
	r.reply(m, result)
	effects := result.Effects[:min(len(result.Effects), maxEffects)]
	if m.mute != nil && slices.ContainsFunc(effects, func(e hooks.Effect) bool { return e.Kind != hooks.Tell || e.To != m.id }) {
		r.refuseMuted(m, a.typed)
		return
	}
	for _, e := range effects {
		text, ok := r.checked(e.Text)
		if !ok {
			continue
		}
		switch e.Kind {
		case hooks.Say:
			r.submit(m, posting{kind: hooks.Public, command: a.command, source: a.typed}, text)
		case hooks.Act:
			r.submit(m, posting{kind: hooks.Public, action: true, command: a.command, source: a.typed}, text)
		case hooks.TellAll:
			r.toEveryone(screen.Announcement, nil, text)
		case hooks.Whisper, hooks.Tell:
			to := r.members[e.To]
			switch here := to != nil && to.state == present; {
			case here && e.Kind == hooks.Tell:
				r.tell(to, screen.Notice, string(text))
			case here:
				r.submit(m, posting{kind: hooks.Private, to: to.id, toName: to.name, command: a.command, source: a.typed}, text)
			case e.Kind == hooks.Whisper:
				r.refuse(m, "they have left meanwhile.", string(text))
			}
		}
	}
}

// timeout is how long a hook may take, in nanoseconds.
func timeout(offered, otherwise time.Duration) int64 {
	if offered > 0 {
		return int64(offered)
	}
	return int64(otherwise)
}
