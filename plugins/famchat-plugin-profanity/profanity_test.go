package main

import (
	"fmt"
	"strings"
	"testing"

	"famchat/plugins"
	"famchat/plugins/plugintest"
)

func TestActions(t *testing.T) {
	const text, word = "oh sh1t, off to Scunthorpe", "“sh1t”"
	for _, tt := range []struct {
		config config
		want   []plugins.Verdict
	}{
		{config{}, []plugins.Verdict{plugins.Replace("oh ****, off to Scunthorpe")}},
		{config{Action: "mask"}, []plugins.Verdict{plugins.Replace("oh ****, off to Scunthorpe")}},
		{config{Languages: []string{"de"}}, []plugins.Verdict{plugins.Allow()}},
		{config{Languages: []string{}, Words: []string{"Scunthorpe"}}, []plugins.Verdict{plugins.Replace("oh sh1t, off to **********")}},
		{config{Allow: []string{"shit"}}, []plugins.Verdict{plugins.Allow()}},
		{config{Action: "reject"}, []plugins.Verdict{
			plugins.Reject(word + " is not for this room; please put it another way"),
			plugins.Reject(word + " is not for this room; please put it another way"),
		}},
		{config{Action: "warn"}, []plugins.Verdict{
			plugins.Reject(word + " may offend somebody; send it again if you mean it"),
			plugins.Allow(),
			plugins.Reject(word + " may offend somebody; send it again if you mean it"),
		}},
	} {
		p := plugintest.Start(t, newPlugin, tt.config)
		for i, want := range tt.want {
			if got := p.Filter(text); got != want {
				t.Errorf("%+v, time %d: got %v, want %v", tt.config, i+1, got, want)
			}
		}
		if got := p.Filter("good morning"); got != plugins.Allow() {
			t.Errorf("%+v: got %v", tt.config, got)
		}
	}
}

func TestAWarningIsForOneAuthorAndOneText(t *testing.T) {
	var w warnings
	message := func(id plugins.ID, text string) plugins.Message {
		return plugins.Message{From: plugins.Member{ID: id}, Text: text}
	}
	for i, tt := range []struct {
		m    plugins.Message
		want bool
	}{
		{message(1, "a"), true}, {message(2, "a"), true}, {message(1, "b"), true}, {message(1, "a"), true},
		{message(1, "a"), false}, {message(1, "a"), true}, {message(2, "a"), false},
	} {
		if got := w.isNew(tt.m); got != tt.want {
			t.Errorf("message %d: got %v, want %v", i, got, tt.want)
		}
	}
}

func TestWarningsAreBounded(t *testing.T) {
	var w warnings
	for id := range plugins.ID(3 * maxWarned) {
		w.isNew(plugins.Message{From: plugins.Member{ID: id}, Text: fmt.Sprint(id)})
	}
	if len(w.last) != maxWarned || len(w.order) != maxWarned {
		t.Errorf("%d and %d are remembered, want %d", len(w.last), len(w.order), maxWarned)
	}
	last := plugins.Message{From: plugins.Member{ID: 3*maxWarned - 1}, Text: fmt.Sprint(3*maxWarned - 1)}
	if w.isNew(last) {
		t.Error("the last warning is forgotten")
	}
}

func TestALongWordIsQuotedInPart(t *testing.T) {
	if got, want := quoted("sh"+strings.Repeat("i", 1000)+"t"), "“sh"+strings.Repeat("i", maxQuoted-2)+"…”"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAWrongConfigIsAnErrorThatNamesWhatThereIs(t *testing.T) {
	for want, c := range map[string]any{
		`unknown language "xy"; there are ar, cs, da, de, en,`:                                        config{Languages: []string{"xy"}},
		`action: unknown action "shout"; there are mask, warn, reject`:                                config{Action: "shout"},
		`words: "": it has neither a letter, a digit nor a symbol`:                                    config{Words: []string{""}},
		`allow: " - ": it has neither a letter, a digit nor a symbol`:                                 config{Allow: []string{" - "}},
		`config: unknown key "wrods"; did you mean words?; there are action, allow, languages, words`: map[string]any{"wrods": 1},
	} {
		err := plugintest.StartError(t, newPlugin, c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
