package main

import (
	"testing"

	plugin "famchat/plugins"
	"famchat/plugins/plugintest"
)

func TestWordsAreMasked(t *testing.T) {
	p := plugintest.Start(t, newPlugin, config{Words: []string{"darn", "heck"}})
	for _, tt := range []struct {
		text string
		want plugin.Verdict
	}{
		{"hello", plugin.Allow()},
		{"darn it", plugin.Replace("**** it")},
		{"what the heck,\ndarn!", plugin.Replace("what the ****,\n****!")},
	} {
		if got := p.Filter(tt.text); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.text, got, tt.want)
		}
	}
}
