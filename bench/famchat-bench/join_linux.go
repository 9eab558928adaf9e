package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"famchat/protocol"
)

const (
	namePrompt  = "Your name? "
	prompt      = "> "
	joinBatch   = 250 // members that join at the same time
	joinTimeout = 30 * time.Second
	syncTimeout = 30 * time.Second
)

// memberName returns the name of member id; all are equally long.
func memberName(id int) string {
	return fmt.Sprintf("m%0*d", authorWidth, id)
}

// join connects all members that the crowd was made for, gives them names where
// the server is the daemon, waits until everybody has read everything, and learns
// how long the frames are.
func (c *crowd) join(ctx context.Context, s *server) error {
	err := c.enter(ctx, s.addr, !s.kind.Floor)
	if err == nil {
		err = c.learn(ctx)
	}
	if err != nil {
		return s.explain(fmt.Errorf("%d members joining %s: %w", cap(c.members), s.kind, err))
	}
	return nil
}

func (c *crowd) enter(ctx context.Context, addr netip.AddrPort, named bool) error {
	welcomed := 0
	for len(c.members) < cap(c.members) {
		for range min(joinBatch, cap(c.members)-len(c.members)) {
			if _, err := c.dial(addr); err != nil {
				return err
			}
		}
		if !named {
			continue
		}
		err := c.pump(ctx, joinTimeout, func(m *member, s []byte) error {
			before := m.named
			err := c.answer(m, s)
			if m.named && !before {
				welcomed++
			}
			return err
		}, func() bool { return welcomed == len(c.members) })
		if err != nil {
			return fmt.Errorf("%d of %d welcomed: %w", welcomed, len(c.members), err)
		}
	}
	return nil
}

// answer does what a member that is joining does: says its name when it is asked
// for it, and is named when the common prompt comes.
func (c *crowd) answer(m *member, s []byte) error {
	switch {
	case m.named:
	case bytes.HasSuffix(s, []byte(namePrompt)):
		if m.asked {
			return fmt.Errorf("member %d: the name %s was refused: %q", m.id, memberName(c.first+m.id), s)
		}
		m.asked = true
		frame, err := protocol.AppendFrame(nil, memberName(c.first+m.id))
		if err != nil {
			return err
		}
		return c.writeAll(m, frame)
	case m.asked && bytes.HasSuffix(s, []byte(prompt)):
		m.named = true
	}
	return nil
}

// learn lets the last member send one message and everybody read up to it, so
// that nothing is under way any more: streams are read in one order, and whatever
// the joining brought came before. From this message it learns how long a
// delivery and an echo are; where that is known already it must be so.
func (c *crowd) learn(ctx context.Context) error {
	author := &c.members[len(c.members)-1]
	seen := make([]int, len(c.members)) // the length of each one's frame
	left := len(c.members)
	if err := c.writeAll(author, c.format.appendMessage(nil, author.id, 0)); err != nil {
		return err
	}
	err := c.pump(ctx, syncTimeout, func(m *member, s []byte) error {
		if seen[m.id] != 0 {
			return fmt.Errorf("member %d: got %q after the only message", m.id, s)
		}
		if from, _, err := parseText(s); err != nil || from != author.id {
			return nil // something that the joining brought
		}
		seen[m.id] = protocol.HeaderBytes + len(s)
		left--
		return nil
	}, func() bool { return left == 0 })
	if err != nil {
		return fmt.Errorf("the first message has not reached %d of %d: %w", left, len(c.members), err)
	}
	f := format{sent: c.format.sent, delivery: seen[0], echo: seen[author.id]}
	for _, n := range seen[:author.id] {
		if n != f.delivery {
			return fmt.Errorf("the first message was %d bytes to one member and %d to another", f.delivery, n)
		}
	}
	if c.format.delivery != 0 && c.format != f {
		return fmt.Errorf("the frames of a message are %+v; they were to be %+v", f, c.format)
	}
	c.format = f
	c.reset()
	return nil
}

// reset begins to count anew.
func (c *crowd) reset() {
	for i := range c.members {
		m := &c.members[i]
		m.got, m.sent, m.left = 0, 0, 0
		m.rest = nil
	}
}

// measure starts a server of kind k, lets n members join, runs what, and ends
// them all.
func (b *bench) measure(ctx context.Context, k kind, n int, what func(s *server, c *crowd) error) (err error) {
	s, err := b.programs.start(ctx, k)
	if err != nil {
		return err
	}
	c, err := newCrowd(n, b.formats[k.Floor])
	if err != nil {
		s.stop()
		return err
	}
	defer func() {
		s.terminate()
		c.close()
		s.stop()
	}()
	if n > 0 {
		if err := c.join(ctx, s); err != nil {
			return err
		}
	}
	if err := what(s, c); err != nil {
		if errors.Is(err, context.Canceled) {
			return err
		}
		return s.explain(fmt.Errorf("%s: %w", k, err))
	}
	return nil
}
