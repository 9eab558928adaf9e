package main

import (
	"context"
	"fmt"
	"time"
)

const (
	verifyBatch   = 20 // messages of a member in one write
	verifyTimeout = 30 * time.Second
)

// verifier checks that every member gets every message once, and that all get
// them in one order, in which each author's are in the order of sending.
type verifier struct {
	order []int   // the authors in the order in which the first reader got them
	at    []int   // for each member, how much of order it has got
	next  [][]int // for each member and author, the number that is due
}

func newVerifier(members int) *verifier {
	v := &verifier{at: make([]int, members), next: make([][]int, members)}
	for i := range v.next {
		v.next[i] = make([]int, members)
	}
	return v
}

// take takes what reader was sent.
func (v *verifier) take(reader int, drawn []byte) error {
	author, seq, err := parseText(drawn)
	if err != nil || author >= len(v.at) {
		return fmt.Errorf("member %d got %q, which is no message of this run", reader, drawn)
	}
	due := v.next[reader][author]
	switch {
	case seq < due:
		return fmt.Errorf("member %d got message %d of member %d twice or late; message %d is due", reader, seq, author, due)
	case seq > due:
		return fmt.Errorf("member %d got message %d of member %d when message %d is due: one was lost or overtaken", reader, seq, author, due)
	}
	at := v.at[reader]
	if at == len(v.order) {
		v.order = append(v.order, author)
	}
	if v.order[at] != author {
		return fmt.Errorf("member %d got a message of member %d as its number %d, where another member got one of member %d: the order differs",
			reader, author, at, v.order[at])
	}
	v.next[reader][author]++
	v.at[reader]++
	return nil
}

// complete says whether every member has got n messages.
func (v *verifier) complete(n int) bool {
	for _, at := range v.at {
		if at < n {
			return false
		}
	}
	return true
}

// verify lets every member send a batch in one write, waves times, and reads and
// checks everything. The floor does not know where a frame ends: a batch is short
// enough to pass it in one piece.
func verify(ctx context.Context, c *crowd, waves int) error {
	v := newVerifier(len(c.members))
	var batch []byte
	for wave := range waves {
		for i := range c.members {
			batch = batch[:0]
			for k := range verifyBatch {
				batch = c.format.appendMessage(batch, i, wave*verifyBatch+k)
			}
			if err := c.writeAll(&c.members[i], batch); err != nil {
				return fmt.Errorf("verifying: %w", err)
			}
		}
		due := (wave + 1) * verifyBatch * len(c.members)
		take := func(m *member, s []byte) error { return v.take(m.id, s) }
		if err := c.pump(ctx, verifyTimeout, take, func() bool { return v.complete(due) }); err != nil {
			return fmt.Errorf("verifying, wave %d: %w", wave+1, err)
		}
	}
	c.reset()
	return nil
}
