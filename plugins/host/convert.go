package host

import (
	"unicode/utf8"

	"famchat/daemon/hooks"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// valid reports whether a verdict is one: what a plugin says is checked like a
// stranger's input.
func valid(v *pluginpb.Verdict) bool {
	switch v.GetAction() {
	case pluginpb.Action_ACTION_ALLOW, pluginpb.Action_ACTION_DROP:
		return true
	case pluginpb.Action_ACTION_REPLACE:
		return v.Text != "" && validText(v.Text, contract.MaxTextBytes)
	case pluginpb.Action_ACTION_REJECT:
		return validText(v.Text, contract.MaxTextBytes)
	}
	return false
}

func validText(s string, most int) bool { return len(s) <= most && utf8.ValidString(s) }

func pbMember(m hooks.Member) *pluginpb.Member {
	if m.ID == 0 {
		return nil
	}
	return &pluginpb.Member{Id: uint64(m.ID), Name: m.Name}
}

func pbMessage(m *hooks.Message) *pluginpb.Message {
	return &pluginpb.Message{
		Id: m.ID, Kind: pluginpb.Kind(m.Kind), From: pbMember(m.From), To: pbMember(m.To),
		Text: m.Text, Action: m.Action, UnixNanos: m.Time.UnixNano(),
	}
}

func pbEvent(e *hooks.Event) *pluginpb.Event {
	p := &pluginpb.Event{Kind: pluginpb.EventKind(e.Kind), Member: pbMember(e.Member), Reason: e.Reason, UnixNanos: e.Time.UnixNano()}
	if e.Kind == hooks.Posted {
		p.Message = pbMessage(&e.Message)
	}
	return p
}
