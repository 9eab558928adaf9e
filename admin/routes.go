package admin

import (
	"context"
	"net/http"
	"time"

	"famchat/internal/safetext"
)

// route is a request that there is: how it is asked, and what answers it.
type route struct {
	method string
	path   string
	// change is what the log calls it; empty, it changes nothing.
	change  string
	timeout time.Duration
	// Only one of these is set.
	do     func(*call) (any, error)
	stream func(*call) error
}

// routes are all requests that there are.
var routes = []route{
	{"GET", "/v1/members", "", callTimeout, get("members", Backend.Members), nil},
	{"POST", "/v1/kick", "kick", callTimeout, outcomes(Backend.Kick), nil},
	{"GET", "/v1/bans", "", callTimeout, get("bans", Backend.Bans), nil},
	{"POST", "/v1/unban", "unban", callTimeout, outcomes(Backend.Unban), nil},
	{"POST", "/v1/mute", "mute", callTimeout, outcomes(Backend.Mute), nil},
	{"POST", "/v1/unmute", "unmute", callTimeout, outcomes(Backend.Unmute), nil},
	{"POST", "/v1/broadcast", "broadcast", callTimeout, done(Backend.Broadcast), nil},
	{"POST", "/v1/tell", "tell", callTimeout, done(Backend.Tell), nil},
	{"GET", "/v1/stats", "", callTimeout, stats, nil},
	{"GET", "/v1/events", "", 0, nil, watch},
	{"GET", "/v1/plugins", "", callTimeout, get("plugins", Backend.Plugins), nil},
	{"POST", "/v1/plugins/{name}/reload", "plugin reload", slowTimeout, plugin(Backend.ReloadPlugin), nil},
	{"POST", "/v1/plugins/{name}/disable", "plugin disable", slowTimeout, plugin(Backend.DisablePlugin), nil},
	{"POST", "/v1/plugins/{name}/enable", "plugin enable", slowTimeout, plugin(Backend.EnablePlugin), nil},
	{"POST", "/v1/reload", "reload", slowTimeout, reload, nil},
	{"POST", "/v1/shutdown", "shutdown", callTimeout, done(Backend.Shutdown), nil},
	{"DELETE", "/v1/shutdown", "cancel shutdown", callTimeout, cancelShutdown, nil},
	{"GET", "/metrics", "", callTimeout, metrics, nil},
}

// get answers with a list, under a name.
func get[T any](name string, ask func(Backend, context.Context) ([]T, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		list, err := ask(c.backend, c.ctx)
		if list == nil {
			list = []T{}
		}
		return map[string][]T{name: list}, err
	}
}

// outcomes does what is asked for several, and answers what became of each.
func outcomes[R request](do func(Backend, context.Context, R) ([]Outcome, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		var r R
		if err := read(c, &r); err != nil {
			return nil, err
		}
		list, err := do(c.backend, c.ctx, r)
		c.outcomes = list
		if list == nil {
			list = []Outcome{}
		}
		return map[string][]Outcome{"outcomes": list}, err
	}
}

// done does what is asked, which has no answer.
func done[R request](do func(Backend, context.Context, R) error) func(*call) (any, error) {
	return func(c *call) (any, error) {
		var r R
		if err := read(c, &r); err != nil {
			return nil, err
		}
		return struct{}{}, do(c.backend, c.ctx, r)
	}
}

func stats(c *call) (any, error) { return c.backend.Stats(c.ctx) }

func plugin(do func(Backend, context.Context, string) error) func(*call) (any, error) {
	return func(c *call) (any, error) {
		name := c.request.PathValue("name")
		c.about = []any{"plugin", safetext.Line(name)}
		if err := read(c, new(nothing)); err != nil {
			return nil, err
		}
		return struct{}{}, do(c.backend, c.ctx, name)
	}
}

func reload(c *call) (any, error) {
	var r ReloadRequest
	if err := read(c, &r); err != nil {
		return nil, err
	}
	answer, err := c.backend.Reload(c.ctx, r)
	if answer.Changed == nil {
		answer.Changed = []Change{}
	}
	if answer.Restart == nil {
		answer.Restart = []string{}
	}
	return answer, err
}

func cancelShutdown(c *call) (any, error) {
	if err := read(c, new(nothing)); err != nil {
		return nil, err
	}
	return struct{}{}, c.backend.CancelShutdown(c.ctx)
}

func metrics(c *call) (any, error) {
	s, err := c.backend.Stats(c.ctx)
	if err != nil {
		return nil, err
	}
	plugins, err := c.backend.Plugins(c.ctx)
	return exposeMetrics(s, plugins, c.server.watching.Load()), err
}

// handler has the routes, each behind the same checks. Streams end when stop does.
func (s *Server) handler(stop context.Context) http.Handler {
	byPath := map[string]map[string]route{}
	for _, r := range routes {
		if byPath[r.path] == nil {
			byPath[r.path] = map[string]route{}
		}
		byPath[r.path][r.method] = r
	}
	mux := http.NewServeMux()
	for path, methods := range byPath {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { s.serve(stop, w, r, methods) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(stop, w, r, nil) })
	return mux
}
