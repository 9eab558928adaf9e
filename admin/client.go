package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// dialTimeout is how long a daemon may take to accept.
	dialTimeout = 5 * time.Second
	// answerGrace is how much longer than the daemon itself a Client waits for an answer.
	answerGrace = 2 * time.Second
	// maxAnswerBytes is the largest answer that a Client reads.
	maxAnswerBytes = 64 << 20
)

// Client asks a daemon, and tells it what to do. The zero value is ready, and asks the
// daemon at DefaultSocket. It looks at no environment variable of its own. Its methods may be
// called concurrently, and end, with CodeTimeout, a little after the daemon's own time is
// over, or with ctx. An error of the daemon is an *Error; where there is no daemon, it is a
// *NoDaemonError.
type Client struct {
	// Socket is the path of the daemon's socket; "" is DefaultSocket.
	Socket string
}

// NoDaemonError says that there is no daemon at a socket, or none any more.
type NoDaemonError struct {
	Socket string
	Ended  bool // it was there, and went before it had answered
	Err    error
}

func (e *NoDaemonError) Error() string {
	if e.Ended {
		return fmt.Sprintf("the daemon at %s ended before it had answered", e.Socket)
	}
	return fmt.Sprintf("no daemon is there at %s; start one with famchatd -c famchat.yaml, or name the socket of one with --socket or FAMCHAT_ADMIN", e.Socket)
}

func (e *NoDaemonError) Unwrap() error { return e.Err }

// Members returns those who are connected, by ID.
func (c *Client) Members(ctx context.Context) ([]Member, error) {
	var answer struct{ Members []Member }
	err := c.call(ctx, callTimeout, http.MethodGet, "/v1/members", nil, &answer)
	return answer.Members, err
}

// Kick removes people, and returns what became of each.
func (c *Client) Kick(ctx context.Context, r KickRequest) ([]Outcome, error) {
	return c.outcomes(ctx, "/v1/kick", r)
}

// Bans returns the names and addresses that are kept out.
func (c *Client) Bans(ctx context.Context) ([]Ban, error) {
	var answer struct{ Bans []Ban }
	err := c.call(ctx, callTimeout, http.MethodGet, "/v1/bans", nil, &answer)
	return answer.Bans, err
}

// Unban lets names and addresses in again.
func (c *Client) Unban(ctx context.Context, who ...string) ([]Outcome, error) {
	return c.outcomes(ctx, "/v1/unban", WhoRequest{who})
}

// Mute hands back what people send, instead of posting it.
func (c *Client) Mute(ctx context.Context, r MuteRequest) ([]Outcome, error) {
	return c.outcomes(ctx, "/v1/mute", r)
}

// Unmute ends that.
func (c *Client) Unmute(ctx context.Context, who ...string) ([]Outcome, error) {
	return c.outcomes(ctx, "/v1/unmute", WhoRequest{who})
}

// Broadcast shows everyone a text in the server's name.
func (c *Client) Broadcast(ctx context.Context, text string) error {
	return c.call(ctx, callTimeout, http.MethodPost, "/v1/broadcast", TextRequest{text}, nil)
}

// Tell shows one person a text in the server's name.
func (c *Client) Tell(ctx context.Context, who, text string) error {
	return c.call(ctx, callTimeout, http.MethodPost, "/v1/tell", TellRequest{who, text}, nil)
}

// Stats returns what the daemon has counted.
func (c *Client) Stats(ctx context.Context) (Stats, error) {
	var answer Stats
	err := c.call(ctx, callTimeout, http.MethodGet, "/v1/stats", nil, &answer)
	return answer, err
}

// Metrics returns that in the text format of Prometheus.
func (c *Client) Metrics(ctx context.Context) (string, error) {
	body, err := c.exchange(ctx, callTimeout, http.MethodGet, "/metrics", nil)
	if err != nil {
		return "", err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxAnswerBytes))
	return string(text), c.explain(err)
}

// Plugins returns the plugins, in the order of famchat.yaml.
func (c *Client) Plugins(ctx context.Context) ([]Plugin, error) {
	var answer struct{ Plugins []Plugin }
	err := c.call(ctx, callTimeout, http.MethodGet, "/v1/plugins", nil, &answer)
	return answer.Plugins, err
}

// ReloadPlugin starts a plugin anew.
func (c *Client) ReloadPlugin(ctx context.Context, name string) error {
	return c.plugin(ctx, name, "reload")
}

// DisablePlugin ends a plugin, until EnablePlugin.
func (c *Client) DisablePlugin(ctx context.Context, name string) error {
	return c.plugin(ctx, name, "disable")
}

// EnablePlugin starts one that was disabled.
func (c *Client) EnablePlugin(ctx context.Context, name string) error {
	return c.plugin(ctx, name, "enable")
}

// Reload has the daemon read famchat.yaml again, or say what that would change.
func (c *Client) Reload(ctx context.Context, r ReloadRequest) (ReloadAnswer, error) {
	var answer ReloadAnswer
	err := c.call(ctx, slowTimeout, http.MethodPost, "/v1/reload", r, &answer)
	return answer, err
}

// Shutdown stops the daemon, after a countdown that everyone reads.
func (c *Client) Shutdown(ctx context.Context, in time.Duration) error {
	return c.call(ctx, callTimeout, http.MethodPost, "/v1/shutdown", ShutdownRequest{Duration(in)}, nil)
}

// CancelShutdown ends the countdown under way.
func (c *Client) CancelShutdown(ctx context.Context) error {
	return c.call(ctx, callTimeout, http.MethodDelete, "/v1/shutdown", nil, nil)
}

// Ping returns nil where something listens at the socket, at once.
func (c *Client) Ping(ctx context.Context) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}

// Watch begins to watch what happens; when it returns, it has begun. What people write
// is among it where messages is true and the daemon allows it. ctx ends it.
func (c *Client) Watch(ctx context.Context, messages bool) (*Watcher, error) {
	path := "/v1/events"
	if messages {
		path += "?" + messagesKey + "=true"
	}
	body, err := c.exchange(ctx, callTimeout, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	return &Watcher{client: c, body: body, events: json.NewDecoder(body)}, nil
}

// Watcher brings what happens, in order.
type Watcher struct {
	client *Client
	body   io.ReadCloser
	events *json.Decoder
}

// Next waits for the next event. The daemon's end is a *NoDaemonError.
func (w *Watcher) Next() (Event, error) {
	var e Event
	return e, w.client.explain(w.events.Decode(&e))
}

// Close ends it.
func (w *Watcher) Close() error { return w.body.Close() }

func (c *Client) outcomes(ctx context.Context, path string, r any) ([]Outcome, error) {
	var answer struct{ Outcomes []Outcome }
	err := c.call(ctx, callTimeout, http.MethodPost, path, r, &answer)
	return answer.Outcomes, err
}

func (c *Client) plugin(ctx context.Context, name, action string) error {
	// A name that is a step in a path is no plugin's either.
	if name == "" || name == "." || name == ".." {
		return Errorf(CodeNoPlugin, "there is no plugin %q", name)
	}
	return c.call(ctx, slowTimeout, http.MethodPost, "/v1/plugins/"+url.PathEscape(name)+"/"+action, nil, nil)
}

// call sends a request and reads the answer into answer, where there is one to read. The
// daemon takes no longer than timeout.
func (c *Client) call(ctx context.Context, timeout time.Duration, method, path string, r, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout+answerTimeout+answerGrace)
	defer cancel()
	body, err := c.exchange(ctx, timeout, method, path, r)
	if err != nil {
		return err
	}
	defer body.Close()
	if answer == nil {
		answer = new(struct{})
	}
	return c.explain(json.NewDecoder(io.LimitReader(body, maxAnswerBytes)).Decode(answer))
}

// exchange sends a request and returns the body of the answer, or the error that it is.
// The answer begins within timeout.
func (c *Client) exchange(ctx context.Context, timeout time.Duration, method, path string, r any) (io.ReadCloser, error) {
	var body io.Reader
	if r != nil {
		doc, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(doc)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://famchat"+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", jsonType)
	}
	// A connection of its own for each: there is nothing to close, and none that the
	// daemon has closed already.
	var connected atomic.Bool // a dial may outlast the request
	transport := &http.Transport{
		DisableKeepAlives:     true,
		ResponseHeaderTimeout: timeout + answerGrace,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := c.dial(ctx)
			connected.Store(err == nil)
			return conn, err
		},
	}
	answer, err := transport.RoundTrip(request)
	if err != nil && connected.Load() && c.explain(err) == err && ctx.Err() == nil {
		// net/http has no type for a connection that ended before the request was written.
		return nil, &NoDaemonError{Socket: c.socket(), Ended: true, Err: err}
	}
	if err != nil {
		return nil, c.explain(err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	var failure struct{ Error *Error }
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswerBytes)).Decode(&failure); err != nil || failure.Error == nil {
		return nil, fmt.Errorf("what answers at %s is no famchatd: %s", c.socket(), answer.Status)
	}
	return nil, failure.Error
}

func (c *Client) socket() string {
	if c.Socket == "" {
		return DefaultSocket()
	}
	return c.Socket
}

// dial connects with a daemon of the same user, or of any for root, or one of root: who
// else has a socket there is none that should read what is sent.
func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	path := c.socket()
	if len(path) > maxPathBytes {
		return nil, fmt.Errorf("the path of the admin socket has %d bytes, and may have %d here: %s", len(path), maxPathBytes, path)
	}
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, c.explain(err)
	}
	p, err := peerOf(conn)
	if me := os.Geteuid(); err == nil && !trusted(p.uid, me) {
		err = Errorf(CodeForbidden, "what answers at %s belongs to user %d; you are user %d", path, p.uid, me)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// trusted tells whether a user may trust a daemon of another.
func trusted(daemon, me int) bool { return daemon == me || daemon == 0 || me == 0 }

// explain makes a *NoDaemonError or an *Error of an error that is one.
func (c *Client) explain(err error) error {
	none := (*NoDaemonError)(nil)
	switch {
	case err == nil, errors.As(err, &none), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fs.ErrPermission):
		return Errorf(CodeForbidden, "the daemon at %s belongs to another user; only that user and root may look after it", c.socket())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return Errorf(CodeTimeout, "the daemon at %s was too busy to answer in time; try again", c.socket())
	}
	isAny := func(list ...error) bool {
		return slices.ContainsFunc(list, func(e error) bool { return errors.Is(err, e) })
	}
	absent := isAny(fs.ErrNotExist, syscall.ECONNREFUSED, syscall.ENOTDIR, syscall.ENOTSOCK, syscall.EPROTOTYPE)
	ended := isAny(syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF)
	if absent || ended {
		return &NoDaemonError{Socket: c.socket(), Ended: ended, Err: err}
	}
	return err
}
