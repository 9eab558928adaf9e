package room

import (
	"bytes"
	"slices"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/screen"
	"famchat/protocol"
)

// posting is a message on its way.
type posting struct {
	id       uint64 // as hooks know it
	request  uint64 // 0: no verdict is asked for
	deadline int64
	from     *member // nil: forgotten
	kind     hooks.Kind
	to       ID     // of a private message
	toName   string // as it was when it was sent
	action   bool
	command  string // that caused it, or empty
	source   string // what was typed to have it run
	text     string
	done     bool
	verdict  hooks.Verdict
}

// pendingQueue are the messages that wait for a verdict, public and private
// together, first in, first out. Those that need none wait behind those that do.
type pendingQueue struct {
	items []posting
	head  int
}

func (q *pendingQueue) len() int { return len(q.items) - q.head }

// next returns the deadline of the first message, or Never.
func (q *pendingQueue) next() int64 {
	if q.len() == 0 {
		return Never
	}
	return q.items[q.head].deadline
}

func (q *pendingQueue) push(p posting) {
	if q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, p)
}

func (q *pendingQueue) pop() posting {
	p := q.items[q.head]
	q.items[q.head] = posting{}
	q.head++
	return p
}

// answer notes a verdict. It reports whether the request is one of the queue's;
// of two answers the first counts.
func (q *pendingQueue) answer(request uint64, v hooks.Verdict) bool {
	i, found := slices.BinarySearchFunc(q.items[q.head:], request, func(p posting, request uint64) int {
		return compareIDs(ID(p.request), ID(request))
	})
	if !found {
		return false
	}
	if p := &q.items[q.head+i]; !p.done {
		p.done, p.verdict = true, v
	}
	return true
}

// expire fails those whose deadline has passed.
func (q *pendingQueue) expire(now int64) {
	for i := q.head; i < len(q.items) && q.items[i].deadline <= now; i++ {
		if p := &q.items[i]; !p.done {
			p.done, p.verdict = true, hooks.Fail("")
		}
	}
}

// forget takes a member's messages out of the order of things.
func (q *pendingQueue) forget(m *member) {
	for i := q.head; i < len(q.items); i++ {
		if p := &q.items[i]; p.from == m {
			p.from, p.done = nil, true
		}
	}
}

// submit posts a message, or asks the filter about it first.
func (r *Room) submit(m *member, p posting, text []byte) {
	if m.mute != nil {
		p.text = string(text)
		r.refuseMuted(m, p.typed())
		return
	}
	asks := r.cfg.Offers.Public
	if p.kind == hooks.Private {
		asks = r.cfg.Offers.Private
	}
	p.from = m
	r.posts++
	p.id = r.posts
	if !asks && r.pending.len() == 0 {
		r.post(&p, text)
		return
	}
	r.requests++
	p.request = r.requests
	p.deadline = r.now.Nanos + timeout(r.cfg.Offers.MessageTimeout, hooks.DefaultMessageTimeout)
	p.text = string(text)
	m.unsent++
	if !asks {
		p.done, p.verdict = true, hooks.Allow()
		r.pending.push(p)
		return
	}
	r.pending.push(p)
	r.out = append(r.out, Effect{Kind: AskMessage, Request: p.request, Message: p.public()})
}

// public is a message as hooks see it.
func (p *posting) public() *hooks.Message {
	return &hooks.Message{
		ID: p.id, Kind: p.kind, From: p.from.public(), To: hooks.Member{ID: p.to, Name: p.toName},
		Text: p.text, Action: p.action, Command: p.command,
	}
}

// postAnswered posts what has its verdict, in order, up to the first that has
// none.
func (r *Room) postAnswered() {
	for r.pending.len() > 0 && r.pending.items[r.pending.head].done {
		p := r.pending.pop()
		if p.from == nil {
			continue
		}
		p.from.unsent--
		r.judge(&p)
		r.moveOn(p.from)
	}
	r.closeWhenDone()
}

// judge does what the verdict on a message says.
func (r *Room) judge(p *posting) {
	m := p.from
	reason := screen.Line(p.verdict.Text)
	switch p.verdict.Action {
	case hooks.Allowed:
		r.post(p, append(r.text[:0], p.text...))
		return
	case hooks.Replaced:
		if text, ok := r.checked(p.verdict.Text); ok {
			r.post(p, text)
			return
		}
		reason = ""
	case hooks.Dropped:
		// The author's prompt comes back all the same.
		r.toOne(m, r.stage.begin(), screen.Prompt, false)
		return
	case hooks.Rejected:
		if reason != "" {
			r.refuse(m, ended(reason), p.typed())
			return
		}
	}
	if p.verdict.Action != hooks.Failed || reason == "" {
		reason = "your message could not be checked; try again in a moment"
	}
	r.refuse(m, ended(reason), p.typed())
}

// checked makes text that a hook hands back safe, and says whether it can be
// posted.
func (r *Room) checked(s string) (text []byte, ok bool) {
	if len(s) > protocol.MaxString {
		return nil, false
	}
	r.text = screen.AppendText(r.text[:0], []byte(s))
	text = bytes.Trim(r.text, white)
	return text, len(text) > 0 && bytes.Count(text, []byte{'\n'}) < r.cfg.Limits.MessageLines
}

// Showable reports whether Announce shows a text.
func (r *Room) Showable(text string) bool {
	_, ok := r.checked(text)
	return ok
}

// typed is what a person would type to send the message.
func (p *posting) typed() string {
	switch {
	case p.source != "":
		return p.source
	case p.kind == hooks.Private:
		return "@" + p.toName + " " + p.text
	case p.text[0] == '/' || p.text[0] == '@':
		return "/" + p.text
	}
	return p.text
}

// answered takes a hook's answer. One to nothing, or the second to the same
// request, changes nothing.
func (r *Room) answered(e Event) {
	if r.pending.answer(e.Request, e.Verdict) {
		r.postAnswered()
		return
	}
	if a, ok := r.names.take(e.Request); ok {
		if m := r.members[a.member]; m != nil && m.waitsFor == a.request {
			r.nameAnswered(m, e.Verdict)
		}
		return
	}
	if a, ok := r.calls.take(e.Request); ok {
		if m := r.members[a.member]; m != nil && m.waitsFor == a.request {
			r.ran(m, a, e.Result)
		}
	}
}

// ended ends a sentence, where it is not ended yet.
func ended(sentence string) string {
	switch sentence[len(sentence)-1] {
	case '.', '!', '?':
		return sentence
	}
	return sentence + "."
}
