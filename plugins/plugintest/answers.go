//go:build unix

package plugintest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"famchat/plugins"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

const nameRule = "1 to 32 of a-z, 0-9 and -, not beginning with -"

// checkOffer checks what Init says that the plugin has.
func (p *process) checkOffer(o *pluginpb.InitResponse) {
	p.x.t.Helper()
	if !validName.MatchString(o.Name) {
		p.errorf("Init says that its name is %q; a name is %s", o.Name, nameRule)
	}
	if what := oneLine(o.Version, 64); what != "" || o.Version == "" {
		p.errorf("Init says that its version is %q; give one, like 1.0.0, of at most 64 ASCII characters", o.Version)
	}
	if len(o.Hooks) == 0 && len(o.Commands) == 0 {
		p.errorf("Init offers neither hooks nor commands, so the plugin would never be called; list what it does")
	}
	for i, h := range o.Hooks {
		if pluginpb.Hook_name[int32(h)] == "" || h == pluginpb.Hook_HOOK_UNSPECIFIED {
			p.errorf("Init offers the hook %d, which there is not; plugin.proto has those there are", h)
		}
		if slices.Contains(o.Hooks[:i], h) {
			p.errorf("Init offers the hook %v twice; once is enough", h)
		}
	}
	for _, k := range o.Kinds {
		if k != pluginpb.Kind_KIND_PUBLIC && k != pluginpb.Kind_KIND_PRIVATE {
			p.errorf("Init wants messages of kind %d, which there is not; list KIND_PUBLIC, KIND_PRIVATE or nothing, which is both", k)
		}
	}
	p.checkCommands(o.Commands)
}

// checkCommands checks what /help will show.
func (p *process) checkCommands(commands []*pluginpb.Command) {
	p.x.t.Helper()
	if len(commands) > contract.MaxCommands {
		p.errorf("Init offers %d commands; at most %d may be", len(commands), contract.MaxCommands)
	}
	seen := map[string]bool{}
	for _, c := range commands {
		if !validName.MatchString(c.Name) {
			p.errorf("Init offers the command %q; its name is without the slash, %s", c.Name, nameRule)
		}
		if seen[c.Name] {
			p.errorf("Init offers /%s twice; once is enough", c.Name)
		}
		seen[c.Name] = true
		if what := oneLine(c.Help, contract.MaxTextBytes); what != "" || c.Help == "" {
			p.errorf("the help of /%s is %q; say in one line of ASCII what it does%s", c.Name, c.Help, what)
		}
		if what := oneLine(c.Args, contract.MaxTextBytes); what != "" {
			p.errorf("the args of /%s are %q; they are one line of ASCII, as /help shows it%s", c.Name, c.Args, what)
		}
		for _, text := range c.Completions {
			if text == "" || strings.Contains(text, "\n") || wrongText(text) != "" {
				p.errorf("a completion of /%s is %q; each is an argument on one line", c.Name, text)
			}
		}
	}
}

// oneLine says what keeps a text from being one line of ASCII.
func oneLine(text string, maxBytes int) string {
	if len(text) > maxBytes {
		return fmt.Sprintf(" (it has %d bytes)", len(text))
	}
	for _, c := range text {
		if c < ' ' || c > '~' {
			return fmt.Sprintf(" (it has a %q)", c)
		}
	}
	return ""
}

// oddTexts are what a plugin must cope with. A message has at most 4096 bytes.
var oddTexts = []string{
	"", " ", ".", "hello", "HELLO", "\u00a0", strings.Repeat("long ", 819) + "!", strings.Repeat("é", 2048), strings.Repeat("x", 4096),
	"👨‍👩‍👧‍👦👍🏽🇩🇪", "שלום עולם, abc 123", "مرحبا", "one\ntwo\n\nfour", "e\u0301", "%s%n{}[]\\\"'`$(x)", "null", "𝕳𝖊𝖑𝖑𝖔", "नीता", "İSTANBUL ẞ ǆ",
}

// odd is the text of a batch's item number i.
func odd(i int) string {
	text := oddTexts[i%len(oddTexts)]
	if i < len(oddTexts) || len(text) > 4000 || text == "" {
		return text
	}
	return fmt.Sprintf("%s %d", text, i)
}

// items is how many are asked about: one batch as large as can be, and the rest.
const items = 300

// itemID is the ID of item number i: IDs need 64 bits, and have gaps.
func itemID(i int) uint64 { return 1<<40 + uint64(i)*7 }

// checkHooks asks each hook that is offered about a batch, and the rest of it.
func (p *process) checkHooks(o *pluginpb.InitResponse) {
	p.x.t.Helper()
	for _, h := range o.Hooks {
		for from := 0; from < items && !p.gone() && !p.hung; from += contract.MaxBatch {
			to := min(items, from+contract.MaxBatch)
			switch h {
			case pluginpb.Hook_HOOK_VALIDATE_NAME:
				p.checkNames(from, to)
			case pluginpb.Hook_HOOK_FILTER_MESSAGE:
				p.checkMessages(from, to, o.Kinds)
			case pluginpb.Hook_HOOK_OBSERVE:
				p.checkObserve(from, to, o.Kinds)
			}
		}
	}
}

func (p *process) checkNames(from, to int) {
	p.x.t.Helper()
	r := &pluginpb.ValidateNamesRequest{}
	asked := map[uint64]string{}
	for i := from; i < to; i++ {
		name := odd(i)
		asked[itemID(i)] = name
		r.Names = append(r.Names, &pluginpb.Name{Id: itemID(i), Member: &pluginpb.Member{Id: uint64(i + 1)}, Name: name})
	}
	var answer *pluginpb.ValidateNamesResponse
	if p.call("ValidateNames", len(asked), contract.NameTimeout, func(ctx context.Context) (err error) {
		answer, err = p.client.ValidateNames(ctx, r)
		return err
	}) {
		p.checkVerdicts("ValidateNames", asked, answer.Verdicts, true)
	}
}

// message is item number i as a message of a kind that the plugin wants.
func message(i int, kinds []pluginpb.Kind) *pluginpb.Message {
	if len(kinds) == 0 {
		kinds = []pluginpb.Kind{pluginpb.Kind_KIND_PUBLIC, pluginpb.Kind_KIND_PRIVATE}
	}
	m := &pluginpb.Message{
		Id: itemID(i), Kind: kinds[i%len(kinds)], From: &pluginpb.Member{Id: 1, Name: "anna"},
		Text: odd(i), Action: i%5 == 4, UnixNanos: time.Now().UnixNano(),
	}
	if m.Kind == pluginpb.Kind_KIND_PRIVATE {
		m.To = &pluginpb.Member{Id: 2, Name: "नीता"}
	}
	return m
}

func (p *process) checkMessages(from, to int, kinds []pluginpb.Kind) {
	p.x.t.Helper()
	var batch []*pluginpb.Message
	asked := map[uint64]string{}
	for i := from; i < to; i++ {
		m := message(i, kinds)
		asked[m.Id] = m.Text
		batch = append(batch, m)
	}
	var verdicts []*pluginpb.Verdict
	if p.call("FilterMessages", len(asked), contract.MessageTimeout, func(ctx context.Context) (err error) {
		verdicts, err = p.filter.Ask(ctx, batch)
		return err
	}) {
		p.checkVerdicts("FilterMessages", asked, verdicts, false)
	}
}

func (p *process) checkObserve(from, to int, kinds []pluginpb.Kind) {
	p.x.t.Helper()
	r := &pluginpb.ObserveRequest{}
	for i := from; i < to; i++ {
		e := &pluginpb.Event{Kind: pluginpb.EventKind(1 + i%3), UnixNanos: time.Now().UnixNano()}
		switch e.Kind {
		case pluginpb.EventKind_EVENT_KIND_POSTED:
			e.Message = message(i, kinds)
		case pluginpb.EventKind_EVENT_KIND_LEFT:
			e.Reason = "quit"
			fallthrough
		default:
			e.Member = &pluginpb.Member{Id: 3, Name: "leo"}
		}
		r.Events = append(r.Events, e)
	}
	p.call("Observe", len(r.Events), contract.ObserveTimeout, func(ctx context.Context) error {
		_, err := p.client.Observe(ctx, r)
		return err
	})
}

// call makes a call about n items. That it is slower than the daemon would wait
// is only said: the machine may be busy.
func (p *process) call(method string, n int, deadline time.Duration, do func(context.Context) error) bool {
	p.x.t.Helper()
	ctx, cancel := p.x.context()
	defer cancel()
	began := time.Now()
	err := do(ctx)
	if took := time.Since(began); took > deadline {
		p.x.t.Logf("%s: %s took %v for %d items; the daemon waits for %v", p.name, method, took, n, deadline)
	}
	switch {
	case err == nil:
		return true
	case isInvalidUTF8(err):
		p.errorf("%s: a text in the answer is not valid UTF-8; do not cut or change texts byte by byte", method)
	case status.Code(err) == codes.Unimplemented:
		p.errorf("%s is UNIMPLEMENTED, but Init offers its hook; do not offer what you do not have", method)
	default:
		p.errorf("%s about %d odd texts (empty, 4096 bytes, emoji, right to left, several lines) fails: %s; answer about every text, at worst allow it", method, n, p.why(err))
	}
	return false
}

// isInvalidUTF8 tells what both sides of gRPC say of a string that is none.
func isInvalidUTF8(err error) bool {
	return strings.Contains(status.Convert(err).Message(), "invalid UTF-8")
}

// checkVerdicts checks that there is one valid verdict for each ID. Of each thing
// that is wrong it names the first.
func (p *process) checkVerdicts(method string, asked map[uint64]string, verdicts []*pluginpb.Verdict, names bool) {
	p.x.t.Helper()
	said := map[string]bool{}
	once := func(kind, format string, args ...any) {
		p.x.t.Helper()
		if !said[kind] {
			said[kind] = true
			p.errorf(method+": "+format, args...)
		}
	}
	seen := map[uint64]bool{}
	for _, v := range verdicts {
		text, there := asked[v.Id]
		if !there {
			once("unknown", "there is a verdict about %d, which nobody asked about; copy the id of the item (it is unsigned, 64 bits)", v.Id)
			continue
		}
		if seen[v.Id] {
			once("twice", "there are two verdicts about %d (%.40q); give exactly one for each item", v.Id, text)
		}
		seen[v.Id] = true
		if what := wrongVerdict(v, names); what != "" {
			once(what, "the verdict about %.40q %s", text, what)
		}
	}
	if missing := len(asked) - len(seen); missing > 0 {
		for id, text := range asked {
			if !seen[id] {
				once("missing", "%d of %d items have no verdict, %d (%.40q) for one; give exactly one for each item, what is missing is a failure and not an allow", missing, len(asked), id, text)
			}
		}
	}
}

// wrongVerdict says what is wrong with a verdict, and what to do.
func wrongVerdict(v *pluginpb.Verdict, names bool) string {
	switch v.Action {
	case pluginpb.Action_ACTION_ALLOW, pluginpb.Action_ACTION_REJECT, pluginpb.Action_ACTION_DROP, pluginpb.Action_ACTION_REPLACE:
	case pluginpb.Action_ACTION_UNSPECIFIED:
		return "has no action, which is a failure; set one (in Go: return plugins.Allow() or another, and see in the log whether the hook panicked)"
	default:
		return fmt.Sprintf("has the action %d, which there is not; plugin.proto has those there are", v.Action)
	}
	if names && (v.Action == pluginpb.Action_ACTION_REPLACE || v.Action == pluginpb.Action_ACTION_DROP) {
		return fmt.Sprintf("is %v, which is not for names; allow or reject them", v.Action)
	}
	if v.Action == pluginpb.Action_ACTION_REJECT && strings.TrimSpace(v.Text) == "" {
		return "rejects without a reason; put into its text what the person is to read"
	}
	if v.Action == pluginpb.Action_ACTION_REPLACE && v.Text == "" {
		return "replaces by nothing; drop the message or reject it"
	}
	return wrongText(v.Text)
}

// wrongText says what is wrong with a text or a reason.
func wrongText(text string) string {
	if len(text) > contract.MaxTextBytes {
		return fmt.Sprintf("has a text of more than %d bytes; make it shorter, between two characters", contract.MaxTextBytes)
	}
	for _, c := range text {
		if c != '\n' && unicode.IsControl(c) {
			return fmt.Sprintf("has the control character %U in its text; take them out, all but line feeds", c)
		}
	}
	return ""
}

// oddArgs are what a person may type after a command. They have no white space
// around them.
var oddArgs = []string{"", "x", "anna hello", "-1", "999999999999999999999d999999999999999999999", "👍🏽 שלום", "a\nb", "%s{}\\\"", strings.Repeat("x", 4096)}

// checkCommand runs a command with odd arguments. That it fails is fine; that it
// hangs, or says what cannot be said, is not. One error is enough.
func (p *process) checkCommand(name string) {
	p.x.t.Helper()
	anna, leo := &pluginpb.Member{Id: 1, Name: "anna"}, &pluginpb.Member{Id: 3, Name: "leo"}
	before := p.errors
	for _, args := range oddArgs {
		if p.gone() || p.hung || p.errors > before {
			return
		}
		r := &pluginpb.RunCommandRequest{
			Caller: anna, Command: name, Args: args, UnixNanos: time.Now().UnixNano(),
			About: &pluginpb.About{Version: hostVersion, StartedUnixNanos: time.Now().Add(-time.Hour).UnixNano()},
		}
		if slices.Contains(p.x.Grants, plugins.GrantMembers) {
			r.Members = []*pluginpb.Member{anna, leo}
		}
		if args == "x" {
			r.LastPrivate = leo
		}
		ctx, cancel := p.x.context()
		answer, err := p.client.RunCommand(ctx, r)
		cancel()
		typed := fmt.Sprintf("/%s %.40s", name, args)
		switch {
		case err == nil:
			p.checkResult(typed, answer)
		case isInvalidUTF8(err):
			p.errorf("%q: a text in the answer is not valid UTF-8; do not cut texts between bytes of a character", typed)
		case status.Code(err) == codes.Unimplemented:
			p.errorf("%q is UNIMPLEMENTED, but Init offers /%s; do not offer what you do not have", typed, name)
		case status.Code(err) == codes.DeadlineExceeded, status.Code(err) == codes.Unavailable, status.Code(err) == codes.ResourceExhausted:
			p.errorf("%q: %s; answer, or say in failed why it cannot be done", typed, p.why(err))
		default:
			p.x.t.Logf("%s: %q fails: %s; where it is the caller's mistake, say so in failed", p.name, typed, p.why(err))
		}
	}
}

// checkResult checks what came of a command. Of its effects it names the first
// that is wrong.
func (p *process) checkResult(typed string, r *pluginpb.RunCommandResponse) {
	p.x.t.Helper()
	if len(r.Reply) > contract.MaxReplyBytes {
		p.errorf("%q: the reply has %d bytes; at most %d may be", typed, len(r.Reply), contract.MaxReplyBytes)
	}
	if len(r.Effects) > contract.MaxEffects {
		p.errorf("%q: there are %d effects; at most %d may be", typed, len(r.Effects), contract.MaxEffects)
	}
	if what := wrongText(r.Failed); what != "" {
		p.errorf("%q: failed %s", typed, what)
	}
	if r.Failed != "" && (r.Reply != "" || len(r.Effects) > 0) {
		p.errorf("%q: it failed, but has a reply or effects too, of which nothing would come; leave them out", typed)
	}
	before := p.errors
	for _, e := range r.Effects {
		if p.errors > before {
			return
		}
		switch {
		case pluginpb.EffectKind_name[int32(e.Kind)] == "" || e.Kind == pluginpb.EffectKind_EFFECT_KIND_UNSPECIFIED:
			p.errorf("%q: there is no effect of kind %d; plugin.proto has those there are", typed, e.Kind)
		case strings.TrimSpace(e.Text) == "":
			p.errorf("%q: the effect %v has no text; leave it out", typed, e.Kind)
		case !p.granted(e.Kind) && !p.dropped[e.Kind]:
			p.dropped[e.Kind] = true
			p.x.t.Logf("%s: %q: the effect %v is not in ExecConfig.Grants, and would be dropped", p.name, typed, e.Kind)
		}
		if what := wrongText(e.Text); what != "" {
			p.errorf("%q: the effect %v %s", typed, e.Kind, what)
		}
	}
}

// granted reports whether an effect would be done.
func (p *process) granted(kind pluginpb.EffectKind) bool {
	need := map[pluginpb.EffectKind][]plugins.Grant{
		pluginpb.EffectKind_EFFECT_KIND_SAY:      {plugins.GrantSay},
		pluginpb.EffectKind_EFFECT_KIND_ACT:      {plugins.GrantSay, plugins.GrantAct},
		pluginpb.EffectKind_EFFECT_KIND_PRIVATE:  {plugins.GrantPrivate},
		pluginpb.EffectKind_EFFECT_KIND_TELL:     {plugins.GrantTell},
		pluginpb.EffectKind_EFFECT_KIND_TELL_ALL: {plugins.GrantTell},
	}
	return slices.ContainsFunc(need[kind], func(g plugins.Grant) bool { return slices.Contains(p.x.Grants, g) })
}
