package main

import (
	"context"

	"famchat/admin"
	"famchat/daemon"
	"famchat/daemon/hooks"
)

// watchBuffer is how many events wait for who watches, before further ones are lost.
const watchBuffer = 1024

// Watch implements admin.Backend.
func (s *service) Watch(ctx context.Context, messages bool) (<-chan admin.Event, error) {
	events, err := s.server.Events(ctx, watchBuffer, messages)
	if err != nil {
		return nil, problem(err)
	}
	plugins := s.feed.watch(ctx)
	watched := make(chan admin.Event)
	go func() {
		defer close(watched)
		for {
			var e admin.Event
			select {
			case happened, ok := <-events:
				if !ok {
					return
				}
				e = eventOf(happened)
			case e = <-plugins:
			}
			select {
			case watched <- e:
			case <-ctx.Done():
				return
			}
		}
	}()
	return watched, nil
}

// eventOf is an event as who watches reads it.
func eventOf(d daemon.Event) admin.Event {
	e := admin.Event{Time: d.Time, ID: uint64(d.Member.ID), Name: d.Member.Name, Lost: d.Lost}
	switch d.Kind {
	case hooks.Joined:
		e.Kind = admin.EventJoined
	case hooks.Left:
		e.Kind, e.Reason, e.Text = admin.EventLeft, d.Reason, d.Why
	case hooks.Posted:
		e.Kind, e.To, e.Text = admin.EventMessage, d.Message.To.Name, d.Message.Text
		if d.Message.Action {
			e.Text = "/me " + e.Text
		}
	}
	return e
}
