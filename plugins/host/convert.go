package host

import (
	"fmt"
	"unicode/utf8"

	"famchat/daemon/hooks"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// wrongWith says what is wrong with a verdict, or "": what a plugin says is checked
// like a stranger's input.
func wrongWith(v *pluginpb.Verdict) string {
	switch v.GetAction() {
	case pluginpb.Action_ACTION_ALLOW, pluginpb.Action_ACTION_DROP:
		return ""
	case pluginpb.Action_ACTION_REPLACE, pluginpb.Action_ACTION_REJECT:
		switch {
		case !validText(v.Text, contract.MaxTextBytes):
			return fmt.Sprintf("a text of %d bytes, and there may be %d", len(v.Text), contract.MaxTextBytes)
		case v.Text == "" && v.Action == pluginpb.Action_ACTION_REPLACE:
			return "it replaces a message by nothing, rather than drop it"
		}
		return ""
	case pluginpb.Action_ACTION_UNSPECIFIED:
		return "a verdict has no action: the zero Verdict, or a panic of which the plugin's log says more"
	}
	return fmt.Sprintf("there is no action %d", v.GetAction())
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
