package plugintest_test

import (
	"context"
	"strings"
	"testing"

	"famchat/plugins"
	"famchat/plugins/plugintest"
)

type jarConfig struct{ Words []string }

func newJar(_ *plugins.Host, c jarConfig) (*plugins.Hooks, error) {
	return &plugins.Hooks{FilterMessage: func(_ context.Context, m plugins.Message) plugins.Verdict {
		text := m.Text
		for _, w := range c.Words {
			text = strings.ReplaceAll(text, w, strings.Repeat("*", len(w)))
		}
		switch text {
		case m.Text:
			return plugins.Allow()
		case "****":
			panic("nothing but a word")
		}
		return plugins.Replace(text)
	}}, nil
}

func TestStart(t *testing.T) {
	p := plugintest.Start(t, newJar, jarConfig{Words: []string{"darn"}})
	for _, tt := range []struct {
		text string
		want plugins.Verdict
	}{
		{"hello", plugins.Allow()}, {"oh darn it", plugins.Replace("oh **** it")}, {"darn", plugins.Verdict{}}, {"hello again", plugins.Allow()},
	} {
		if got := p.Filter(tt.text); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.text, got, tt.want)
		}
	}
}

func TestAWrongConfigIsAnErrorThatNamesTheKey(t *testing.T) {
	for want, config := range map[string]any{
		`config: unknown key "wrods"; did you mean words?; there are words`: struct{ Wrods []string }{},
		"config: words: expected a list, found the string \"x\"":            struct{ Words string }{"x"},
	} {
		if err := plugintest.StartError(t, newJar, config); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
