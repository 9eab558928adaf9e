package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"famchat/plugins"
	"famchat/plugins/famchat-plugin-profanity/internal/filter"
)

// config is the plugin's config: in famchat.yaml.
type config struct {
	// Languages are those whose lists are used; without any, en. An empty list is
	// none: words alone.
	Languages []string `json:"languages"`
	// Words are swear words and phrases beyond the lists'.
	Words []string `json:"words"`
	// Allow are words and phrases that are none, whatever the lists say.
	Allow []string `json:"allow"`
	// Action is mask, warn or reject; mask if empty. mask posts *** in place of a
	// word. reject hands the message back. warn does so once: whoever sends the same
	// text again means it, and it is posted as it is.
	Action string `json:"action"`
}

func newPlugin(_ *plugins.Host, c config) (*plugins.Hooks, error) {
	if c.Languages == nil {
		c.Languages = []string{"en"}
	}
	f, err := filter.New(filter.Config{Languages: c.Languages, Words: c.Words, Allow: c.Allow})
	if err != nil {
		return nil, err
	}
	var w warnings
	switch c.Action {
	case "", "mask":
		return hooks(func(m plugins.Message) plugins.Verdict {
			if masked, found := f.Mask(m.Text); found {
				return plugins.Replace(masked)
			}
			return plugins.Allow()
		}), nil
	case "warn":
		return hooks(func(m plugins.Message) plugins.Verdict {
			if word := firstOf(f, m.Text); word != "" && w.isNew(m) {
				return plugins.Reject(quoted(word) + " may offend somebody; send it again if you mean it")
			}
			return plugins.Allow()
		}), nil
	case "reject":
		return hooks(func(m plugins.Message) plugins.Verdict {
			if word := firstOf(f, m.Text); word != "" {
				return plugins.Reject(quoted(word) + " is not for this room; please put it another way")
			}
			return plugins.Allow()
		}), nil
	}
	return nil, fmt.Errorf("action: unknown action %q; there are mask, warn, reject", c.Action)
}

func hooks(verdict func(plugins.Message) plugins.Verdict) *plugins.Hooks {
	return &plugins.Hooks{FilterMessage: func(_ context.Context, m plugins.Message) plugins.Verdict { return verdict(m) }}
}

// firstOf is the first swear word of a text, or "".
func firstOf(f *filter.Filter, text string) string {
	if spans := f.Find(nil, text); len(spans) > 0 {
		return text[spans[0].Start:spans[0].End]
	}
	return ""
}

// maxQuoted is how many runes of a word its author reads: a repeated letter may
// make it as long as a message.
const maxQuoted = 40

func quoted(word string) string {
	runes := []rune(strings.Join(strings.Fields(word), " "))
	if len(runes) > maxQuoted {
		runes = append(runes[:maxQuoted], '…')
	}
	return "“" + string(runes) + "”"
}

// maxWarned is how many people's last warnings are remembered. The oldest is
// forgotten first; whoever it was is warned again.
const maxWarned = 1024

// warnings remembers of what its authors were warned last. FilterMessage is called
// for one message after the other.
type warnings struct {
	last  map[plugins.ID][sha256.Size]byte
	order []plugins.ID // in which last was filled
}

// isNew reports whether the author was not yet warned of this message. A warning
// is good for one message.
func (w *warnings) isNew(m plugins.Message) bool {
	sum := sha256.Sum256([]byte(m.Text))
	warned, known := w.last[m.From.ID]
	switch {
	case known && warned == sum:
		delete(w.last, m.From.ID)
		w.order = slices.DeleteFunc(w.order, func(id plugins.ID) bool { return id == m.From.ID })
		return false
	case !known:
		if len(w.order) == maxWarned {
			delete(w.last, w.order[0])
			w.order = slices.Delete(w.order, 0, 1)
		}
		w.order = append(w.order, m.From.ID)
	}
	if w.last == nil {
		w.last = map[plugins.ID][sha256.Size]byte{}
	}
	w.last[m.From.ID] = sum
	return true
}
