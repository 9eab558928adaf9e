package main

import (
	"context"
	"strings"

	plugin "famchat/plugins"
)

type config struct{ Words []string }

func newPlugin(h *plugin.Host, c config) (*plugin.Hooks, error) {
	return &plugin.Hooks{FilterMessage: func(_ context.Context, m plugin.Message) plugin.Verdict {
		text := m.Text
		for _, w := range c.Words {
			text = strings.ReplaceAll(text, w, strings.Repeat("*", len(w)))
		}
		if text == m.Text {
			return plugin.Allow()
		}
		h.Log.Info("masked", "from", m.From)
		return plugin.Replace(text)
	}}, nil
}

func main() { plugin.Serve("swear-jar", "1.0.0", newPlugin) }
