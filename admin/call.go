package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"famchat/internal/safetext"
)

// call is a request that is being answered.
type call struct {
	ctx     context.Context
	server  *Server
	backend Backend
	route   route
	caller  peer
	control *http.ResponseController
	writer  http.ResponseWriter
	request *http.Request

	// What the log says of it: what it is about, what became of each of several,
	// and of it all.
	about    []any
	outcomes []Outcome
}

// exposition is an answer in the text format of Prometheus.
type exposition []byte

const (
	jsonType       = "application/json"
	streamType     = "application/x-ndjson"
	expositionType = "text/plain; version=0.0.4; charset=utf-8"
)

// serve answers a request of a path that has these methods: it is the one place
// where requests are checked.
func (s *Server) serve(stop context.Context, w http.ResponseWriter, r *http.Request, methods map[string]route) {
	c := &call{server: s, backend: s.backend, control: http.NewResponseController(w), writer: w, request: r}
	var known bool
	if c.caller, known = r.Context().Value(callerKey{}).(peer); !known {
		c.caller = nobody
	}
	_ = c.control.SetReadDeadline(time.Now().Add(bodyTimeout))
	_ = c.control.SetWriteDeadline(time.Now().Add(bodyTimeout + slowTimeout + answerTimeout))
	err := c.check(methods)
	if err != nil {
		c.refuse(err)
		return
	}
	var cancel context.CancelFunc
	if c.route.stream != nil {
		c.ctx, cancel = context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(stop, cancel)()
		if err := c.safely(func() (any, error) { return nil, c.route.stream(c) }, new(any)); err != nil {
			c.refuse(err)
		}
		return
	}
	c.ctx, cancel = context.WithTimeout(r.Context(), c.route.timeout)
	defer cancel()
	var answer any
	err = c.safely(func() (any, error) { return c.route.do(c) }, &answer)
	if c.route.change != "" {
		c.record(c.route.change, err)
	}
	if err != nil {
		c.refuse(err)
		return
	}
	c.answer(http.StatusOK, answer)
}

// check says what is wrong with a request before it is read, and finds its route.
func (c *call) check(methods map[string]route) error {
	r := c.request
	if !admitted(c.caller.uid, c.server.uid) {
		c.server.log.Warn("admin caller refused", "uid", c.caller.uid, "pid", c.caller.pid, "path", safetext.Line(r.URL.Path))
		return Errorf(CodeForbidden, "this daemon belongs to user %d; only that user and root may look after it, and you are user %d", c.server.uid, c.caller.uid)
	}
	if len(methods) == 0 {
		return Errorf(CodeNotFound, "there is no %s; docs/admin.md has what there is", r.URL.Path)
	}
	route, ok := methods[r.Method]
	if !ok {
		allowed := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
		c.writer.Header().Set("Allow", allowed)
		return Errorf(CodeMethod, "%s is for %s, not for %s", r.URL.Path, allowed, r.Method)
	}
	c.route = route
	for name := range r.URL.Query() {
		if route.stream == nil || name != messagesKey {
			return Errorf(CodeBadRequest, "%s takes no %q", r.URL.Path, name)
		}
	}
	if r.Method == http.MethodGet {
		if r.ContentLength != 0 {
			return Errorf(CodeBadRequest, "GET %s takes no body", r.URL.Path)
		}
		return nil
	}
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || media != jsonType {
			return Errorf(CodeMediaType, "send JSON, with Content-Type: %s (curl --json does), not %s", jsonType, kind)
		}
	}
	return nil
}

// admitted tells whether a user may look after a daemon of another.
func admitted(caller, daemon int) bool { return caller == daemon || caller == 0 }

// safely calls f and makes an error of a panic.
func (c *call) safely(f func() (any, error), answer *any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.server.log.Error("admin request panicked", "path", safetext.Line(c.request.URL.Path), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = Errorf(CodeInternal, "something is wrong in the daemon; its log says more")
		}
	}()
	*answer, err = f()
	return err
}

// read reads the body of the request, strictly. An empty one is {}.
func read[R request](c *call, r *R) error {
	var body bytes.Buffer
	_, err := body.ReadFrom(http.MaxBytesReader(c.writer, c.request.Body, maxBodyBytes))
	if err == nil {
		// From here on a caller that goes away is noticed, however long it takes.
		_ = c.control.SetReadDeadline(time.Time{})
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return Errorf(CodeTooLarge, "a request has at most %d bytes", maxBodyBytes)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Errorf(CodeTimeout, "the request did not come within %v", bodyTimeout)
	case err != nil:
		return Errorf(CodeBadRequest, "the request cannot be read: %v", err)
	}
	if len(bytes.TrimSpace(body.Bytes())) > 0 {
		if err := decode(body.Bytes(), r); err != nil {
			return err
		}
	}
	c.about = append(c.about, (*r).about()...)
	return (*r).check()
}

// refuse answers with an error.
func (c *call) refuse(err error) {
	e := (*Error)(nil)
	switch {
	case errors.As(err, &e):
	case errors.Is(err, context.DeadlineExceeded):
		e = Errorf(CodeTimeout, "the daemon was too busy to answer in time; try again")
	case errors.Is(err, context.Canceled):
		e = Errorf(CodeStopping, "the daemon is stopping")
	default:
		e = Errorf(CodeInternal, "%v", err)
	}
	// What is left of the request is not waited for.
	c.writer.Header().Set("Connection", "close")
	c.answer(e.Code.status(), map[string]*Error{"error": e})
}

// answer sends the answer.
func (c *call) answer(status int, answer any) {
	kind, body := jsonType, []byte(nil)
	if text, ok := answer.(exposition); ok {
		kind, body = expositionType, text
	} else if doc, err := Marshal(answer); err == nil {
		body = doc
	} else {
		status, body = http.StatusInternalServerError, []byte(`{"error":{"code":"internal","message":"the answer cannot be written"}}`+"\n")
	}
	header := c.writer.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Length", fmt.Sprint(len(body)))
	_ = c.control.SetWriteDeadline(time.Now().Add(answerTimeout))
	c.writer.WriteHeader(status)
	_, _ = c.writer.Write(body) // who has gone needs no answer
}

// Marshal returns the JSON of v on a line, safe for a terminal.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return safetext.JSON(b.Bytes()), nil
}

// record tells the log of a change: who made it, what, on whom, and what became of it.
func (c *call) record(action string, err error) {
	attrs := []any{"action", action, "uid", c.caller.uid, "pid", c.caller.pid}
	attrs = append(attrs, c.about...)
	c.server.log.Log(context.WithoutCancel(c.ctx), slog.LevelInfo, "admin", append(attrs, "outcome", safetext.Line(outcome(err, c.outcomes)))...)
}

// outcome is what the log says became of a change.
func outcome(err error, each []Outcome) string {
	if err != nil {
		if e := (*Error)(nil); errors.As(err, &e) {
			return string(e.Code)
		}
		return err.Error()
	}
	if len(each) == 0 {
		return "done"
	}
	var parts []string
	for _, o := range each {
		switch {
		case o.Error != nil:
			parts = append(parts, fmt.Sprintf("%s: %s", o.Who, o.Error.Code))
		case o.ID != 0:
			parts = append(parts, fmt.Sprintf("%s: done (#%d %s)", o.Who, o.ID, o.Name))
		default:
			parts = append(parts, o.Who+": done")
		}
	}
	return strings.Join(parts, ", ")
}
