package host

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"famchat/daemon/hooks"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// ValidateNames implements hooks.Hooks: each plugin that checks names is asked
// about those that all before it allow.
func (h *Host) ValidateNames(ctx context.Context, names []hooks.NameRequest) []hooks.Verdict {
	verdicts := make([]hooks.Verdict, len(names))
	for n := range verdicts {
		verdicts[n] = hooks.Allow()
	}
	for _, u := range h.chain() {
		if !u.offer.names || u.isDisabled() {
			continue
		}
		var items []*item
		for n, name := range names {
			if verdicts[n].Action == hooks.Allowed {
				items = append(items, &item{id: uint64(n) + 1, place: n, text: name.Name, deadline: name.Time.Add(u.cfg.Timeout)})
			}
		}
		u.ask(ctx, nameAsker(names), items)
		for _, it := range items {
			verdicts[it.place] = u.nameVerdict(it.verdict)
		}
	}
	return verdicts
}

// nameAsker asks about names.
func nameAsker(names []hooks.NameRequest) asker {
	return asker{"validate name", "the name is refused for the moment", func(ctx context.Context, i *instance, items []*item) ([]*pluginpb.Verdict, error) {
		r := &pluginpb.ValidateNamesRequest{Names: make([]*pluginpb.Name, len(items))}
		for n, it := range items {
			r.Names[n] = &pluginpb.Name{Id: it.id, Name: it.text, Member: &pluginpb.Member{Id: uint64(names[it.place].Member)}}
		}
		answer, err := i.ValidateNames(ctx, r)
		return answer.GetVerdicts(), err
	}}
}

// nameVerdict is the daemon's verdict for a plugin's: a name is never taken
// unchecked.
func (u *unit) nameVerdict(v *pluginpb.Verdict) hooks.Verdict {
	switch v.GetAction() {
	case pluginpb.Action_ACTION_ALLOW:
		return hooks.Allow()
	case pluginpb.Action_ACTION_REJECT:
		return hooks.Reject(reason(v.Text, "it is not for this room"))
	}
	return hooks.Fail("")
}

// reason is what a person reads where a plugin gives no reason.
func reason(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// FilterMessages implements hooks.Hooks: each plugin that filters is shown what
// those before it have left, in order.
func (h *Host) FilterMessages(ctx context.Context, messages []hooks.Message) []hooks.Verdict {
	verdicts := make([]hooks.Verdict, len(messages))
	for n := range verdicts {
		verdicts[n] = hooks.Allow()
	}
	for _, u := range h.chain() {
		if u.offer.filters && !u.isDisabled() {
			u.filter(ctx, messages, verdicts)
		}
	}
	return verdicts
}

// filter asks one plugin about the messages that are still to be posted, and notes
// in verdicts what it says.
func (u *unit) filter(ctx context.Context, messages []hooks.Message, verdicts []hooks.Verdict) {
	all := make([]item, 0, len(messages))
	items := make([]*item, 0, len(messages))
	for n := range messages {
		m, v := &messages[n], &verdicts[n]
		posted := v.Action == hooks.Allowed || v.Action == hooks.Replaced
		// A plugin is not asked about what its own command said.
		if !posted || !u.offer.wants(m.Kind) || m.Command != "" && u.offer.has(m.Command) {
			continue
		}
		text := m.Text
		if v.Action == hooks.Replaced {
			text = v.Text
		}
		all = append(all, item{id: m.ID, place: n, text: text, deadline: m.Time.Add(u.cfg.Timeout)})
		items = append(items, &all[len(all)-1])
	}
	so := "the message is posted unfiltered (on_error: open)"
	if u.cfg.Closed {
		so = "the message is handed back (on_error: closed)"
	}
	u.ask(ctx, asker{"filter message", so, func(ctx context.Context, i *instance, items []*item) ([]*pluginpb.Verdict, error) {
		batch := make([]*pluginpb.Message, len(items))
		for n, it := range items {
			batch[n] = pbMessage(&messages[it.place])
			batch[n].Text = it.text
		}
		return i.filter.Ask(ctx, batch)
	}}, items)
	for _, it := range items {
		u.judge(&verdicts[it.place], it.verdict)
	}
}

// judge notes what a plugin says of a message; nil is a failure.
func (u *unit) judge(so *hooks.Verdict, v *pluginpb.Verdict) {
	switch v.GetAction() {
	case pluginpb.Action_ACTION_ALLOW:
	case pluginpb.Action_ACTION_REPLACE:
		*so = hooks.Replace(v.Text)
	case pluginpb.Action_ACTION_REJECT:
		*so = hooks.Reject(reason(v.Text, "that is not for this room"))
	case pluginpb.Action_ACTION_DROP:
		*so = hooks.Drop()
	default:
		if u.cfg.Closed {
			*so = hooks.Fail("your message could not be checked by " + u.cfg.Name + "; try again in a moment")
		}
	}
}

// RunCommand implements hooks.Hooks. A command that fails is never run again.
func (h *Host) RunCommand(ctx context.Context, call hooks.Call) hooks.Result {
	for _, u := range h.chain() {
		if u.offer.has(call.Command) {
			return u.run(ctx, call)
		}
	}
	return hooks.Result{Failed: "/" + call.Command + " is not there any more"}
}

// run runs a command of the plugin's.
func (u *unit) run(ctx context.Context, call hooks.Call) hooks.Result {
	ctx, cancel := context.WithDeadline(ctx, call.Time.Add(u.cfg.CommandTimeout))
	defer cancel()
	i, err := u.acquire(ctx)
	if errors.Is(err, errDisabled) {
		return u.cannot(call, "the plugin "+u.cfg.Name+" is disabled")
	}
	if err != nil {
		return u.cannot(call, "the plugin "+u.cfg.Name+" does not run at present")
	}
	defer i.calls.Done()
	began := time.Now()
	r, err := i.RunCommand(ctx, u.callRequest(call))
	u.counts.took(time.Since(began), 1)
	switch {
	case err == nil:
		return u.result(call, r)
	case late(ctx, err):
		u.failed(i, "/"+call.Command, toldCaller, errTimeout)
		return u.cannot(call, "it took too long")
	case crash(i, err):
		return u.cannot(call, "the plugin "+u.cfg.Name+" crashed")
	case status.Code(err) == codes.Internal, status.Code(err) == codes.Unknown:
		// The command, not the plugin.
		u.counts.failures.Add(1)
		u.log.Warn("the plugin failed", "hook", "/"+call.Command, "err", err, "so", toldCaller)
	default:
		u.failed(i, "/"+call.Command, toldCaller, err)
	}
	return u.cannot(call, "the plugin "+u.cfg.Name+" failed")
}

const toldCaller = "the caller is told"

var errTimeout = errors.New("it does not answer in time")

func (u *unit) cannot(call hooks.Call, why string) hooks.Result {
	return hooks.Result{Failed: "/" + call.Command + " failed: " + why}
}

// callRequest is a command as the plugin may see it.
func (u *unit) callRequest(call hooks.Call) *pluginpb.RunCommandRequest {
	r := &pluginpb.RunCommandRequest{
		Caller: pbMember(call.Caller), Command: call.Command, Args: call.Args,
		LastPrivate: pbMember(call.LastPrivate), UnixNanos: call.Time.UnixNano(),
		About: &pluginpb.About{Version: u.h.cfg.Version, StartedUnixNanos: u.h.began.UnixNano()},
	}
	if u.cfg.granted(grantMembers) {
		r.Members = make([]*pluginpb.Member, len(call.Members))
		for n, m := range call.Members {
			r.Members[n] = pbMember(m)
		}
	}
	for _, other := range u.h.chain() {
		o := &other.offer
		r.About.Plugins = append(r.About.Plugins, &pluginpb.PluginInfo{
			Name: other.cfg.Name, Version: o.version,
			SeesPublic: o.filters && o.public, SeesPrivate: (o.filters || o.events) && o.private, Observes: o.events,
		})
	}
	return r
}

// result is what a command came to, with what is not granted left out.
func (u *unit) result(call hooks.Call, r *pluginpb.RunCommandResponse) hooks.Result {
	if !validText(r.Reply, contract.MaxReplyBytes) || !validText(r.Failed, contract.MaxReplyBytes) || len(r.Effects) > contract.MaxEffects {
		u.counts.failures.Add(1)
		u.log.Warn("the plugin failed", "hook", "/"+call.Command, "err", "its answer is too long or no text", "so", toldCaller)
		return u.cannot(call, "the plugin "+u.cfg.Name+" failed")
	}
	result := hooks.Result{Reply: r.Reply, Failed: r.Failed}
	missing := ""
	for _, e := range r.Effects {
		kind, needs := effectKind(e.GetKind())
		if !validText(e.GetText(), contract.MaxTextBytes) || needs == nil {
			u.counts.failures.Add(1)
			u.log.Warn("the plugin failed", "hook", "/"+call.Command, "err", "an effect of its is none", "so", "that effect is dropped")
			continue
		}
		if !u.grants(needs) {
			missing = needs[0]
			u.counts.ungranted.Add(1)
			if u.once("grant " + needs[0]) {
				u.log.Warn("the plugin may not do what it tries; add the grant to its grants: in famchat.yaml, and reload", "hook", "/"+call.Command, "grant", needs[0])
				u.tell(Ungranted, "/"+call.Command+" needs the grant "+needs[0])
			}
			continue
		}
		result.Effects = append(result.Effects, hooks.Effect{Kind: kind, To: hooks.ID(e.To), Text: e.Text})
	}
	if missing != "" && len(result.Effects) == 0 && result.Reply == "" && result.Failed == "" {
		return u.cannot(call, "the plugin "+u.cfg.Name+" may not do that here, for want of the grant "+missing)
	}
	return result
}

// effectKind is the daemon's word for a kind of effect, and what it needs: one of
// these grants, nil where there is no such effect.
func effectKind(k pluginpb.EffectKind) (hooks.EffectKind, []string) {
	switch k {
	case pluginpb.EffectKind_EFFECT_KIND_SAY:
		return hooks.Say, []string{grantSay}
	case pluginpb.EffectKind_EFFECT_KIND_ACT:
		return hooks.Act, []string{grantAct, grantSay}
	case pluginpb.EffectKind_EFFECT_KIND_PRIVATE:
		return hooks.Whisper, []string{grantPrivate}
	case pluginpb.EffectKind_EFFECT_KIND_TELL:
		return hooks.Tell, []string{grantTell}
	case pluginpb.EffectKind_EFFECT_KIND_TELL_ALL:
		return hooks.TellAll, []string{grantTell}
	}
	return 0, nil
}

// grants reports whether one of some grants is there.
func (u *unit) grants(needs []string) bool {
	for _, g := range needs {
		if u.cfg.granted(g) {
			return true
		}
	}
	return false
}
