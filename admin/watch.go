package admin

import (
	"net/http"
	"strconv"
	"time"
)

// messagesKey is the key, in the query of events, that asks for what people write.
const messagesKey = "messages"

// watch sends what happens, an object of JSON on a line each, until the caller goes,
// does not read, or the daemon stops.
func watch(c *call) error {
	messages := false
	if asked := c.request.URL.Query()[messagesKey]; asked != nil {
		var err error
		if messages, err = strconv.ParseBool(asked[0]); err != nil || len(asked) > 1 {
			return Errorf(CodeBadRequest, "%s is true or false, once", messagesKey)
		}
	}
	select {
	case c.server.watchers <- struct{}{}:
		defer func() { <-c.server.watchers }()
	default:
		return Errorf(CodeRefused, "%d watch already, which is as many as may; end one of them", maxWatchers)
	}
	events, err := c.backend.Watch(c.ctx, messages)
	if messages {
		// Who reads what people write is in the log, as who changes something.
		c.record("watch messages", err)
	}
	if err != nil {
		return err
	}
	c.server.watching.Add(1)
	defer c.server.watching.Add(-1)
	// A caller that goes away is noticed, however long it takes.
	_ = c.control.SetReadDeadline(time.Time{})
	c.writer.Header().Set("Content-Type", streamType)
	c.writer.WriteHeader(http.StatusOK)
	return c.send(nil, events)
}

// send sends what events brings. What goes wrong now can no longer be said: the
// stream ends.
func (c *call) send(line []byte, events <-chan Event) error {
	for {
		_ = c.control.SetWriteDeadline(time.Now().Add(answerTimeout))
		if _, err := c.writer.Write(line); err != nil || c.control.Flush() != nil {
			return nil
		}
		select {
		case <-c.ctx.Done():
			return nil
		case e, ok := <-events:
			if !ok {
				return nil
			}
			var err error
			if line, err = Marshal(e); err != nil {
				return nil
			}
		}
	}
}
