// Package host runs plugins: it finds, verifies, starts, calls, watches, reloads
// and stops the programs that make the rules of a room, and is a hooks.Hooks. It
// knows nothing of rooms and sockets.
//
// Nothing in it blocks for longer than its caller's context says, whatever a
// plugin does. A plugin that crashes is started anew, and one that fails too often
// is left alone for a while; what becomes of a message or a name meanwhile is each
// plugin's declared policy.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"famchat/daemon/hooks"
)

// ErrNoPlugin says that there is no plugin of that name, ErrClosed that the host
// has been closed.
var (
	ErrNoPlugin = errors.New("there is no such plugin")
	ErrClosed   = errors.New("the plugins have been stopped")
)

// Host is the plugins of a room. New starts them, Close ends them.
type Host struct {
	cfg     Config
	notices *notices
	folder  *folder // nil, as are the next two, as long as there was no plugin
	spawner *spawner
	guard   *guard
	began   time.Time
	running context.Context
	cancel  context.CancelFunc
	// background counts what ends by itself: watchers, and what go-plugin blocks.
	background sync.WaitGroup

	mu     sync.Mutex // held to replace units
	closed bool
	units  atomic.Pointer[[]*unit]
}

var _ hooks.Hooks = (*Host)(nil)

// New starts the plugins, all at the same time, and returns when each has been
// tried. The error is an *Error, or several joined: then none is left running.
func New(ctx context.Context, c Config) (*Host, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &Host{cfg: c, notices: newNotices(), began: time.Now()}
	h.running, h.cancel = context.WithCancel(context.Background())
	if c.Notify != nil {
		h.background.Go(func() { h.notices.run(h.running, c.Notify) })
	}
	h.units.Store(new([]*unit))
	units, err := h.startAll(ctx, c.Plugins)
	if err != nil {
		h.Close()
		return nil, err
	}
	h.units.Store(&units)
	return h, nil
}

// prepare makes what the first plugin needs: a room without has nothing of it.
func (h *Host) prepare() (err error) {
	if h.folder != nil {
		return nil
	}
	if h.folder, err = newFolder(h.cfg.Folder); err != nil {
		return fmt.Errorf("the folder for the plugins' sockets: %w", err)
	}
	h.spawner = newSpawner()
	h.guard = newGuard(h.mark(), h.cfg.Log)
	return nil
}

// startAll starts plugins, or none of them.
func (h *Host) startAll(ctx context.Context, plugins []Plugin) ([]*unit, error) {
	if len(plugins) > 0 {
		if err := h.prepare(); err != nil {
			return nil, err
		}
	}
	units := make([]*unit, len(plugins))
	errs := make([]error, len(plugins))
	var all sync.WaitGroup
	for n, p := range plugins {
		all.Go(func() { units[n], errs[n] = h.startOne(ctx, n, p) })
	}
	all.Wait()
	err := errors.Join(errs...)
	if err == nil {
		err = conflicts(units)
	}
	if err != nil {
		for _, u := range units {
			if u != nil {
				u.close()
			}
		}
		return nil, err
	}
	return units, nil
}

// startOne starts the nth plugin.
func (h *Host) startOne(ctx context.Context, n int, p Plugin) (*unit, error) {
	p = p.withDefaults()
	img, err := newImage(p)
	if err != nil {
		key := "path"
		if p.Path == "" {
			key = "name"
		}
		return nil, &Error{Plugin: p.Name, Key: fmt.Sprintf("plugins[%d].%s", n, key), Err: err}
	}
	u := h.newUnit(p, img)
	i, err := h.launch(ctx, p, img)
	if err != nil {
		u.close()
		key := fmt.Sprintf("plugins[%d]", n)
		if wrong := (*configError)(nil); errors.As(err, &wrong) {
			key += ".config"
		}
		return nil, &Error{Plugin: p.Name, Key: key, Err: err}
	}
	u.begin(i)
	h.cfg.Log.Info("the plugin runs", "plugin", p.Name, "version", i.offer.version, "pid", i.process.started())
	return u, nil
}

// conflicts says which command two plugins offer.
func conflicts(units []*unit) error {
	by := map[string]string{}
	for n, u := range units {
		for _, c := range u.offer.commands {
			if other, taken := by[c.Name]; taken {
				return &Error{Plugin: u.cfg.Name, Key: fmt.Sprintf("plugins[%d].name", n),
					Err: fmt.Errorf("it offers /%s, and so does plugin %s; leave one of them out", c.Name, other)}
			}
			by[c.Name] = u.cfg.Name
		}
	}
	return nil
}

// Close ends the plugins, all at the same time, and waits for that. What is asked
// afterwards is allowed.
func (h *Host) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	h.closeAll(h.chain())
	h.units.Store(new([]*unit))
	h.cancel()
	h.background.Wait()
	if h.folder != nil {
		h.spawner.close()
		h.guard.close()
		h.folder.close()
	}
}

func (h *Host) closeAll(units []*unit) {
	var all sync.WaitGroup
	for _, u := range units {
		all.Go(u.close)
	}
	all.Wait()
}

// chain are the plugins, in order. It does not change; a reload makes another.
func (h *Host) chain() []*unit { return *h.units.Load() }

// Reload starts and tries plugins, and replaces all that run by them: between two
// batches, so that no message is lost, doubled or reordered. Where one is no good
// all stays as it was. Who calls it then has the daemon ask for Offers again.
func (h *Host) Reload(ctx context.Context, plugins []Plugin) error {
	c := h.cfg
	c.Plugins = plugins
	if err := c.Validate(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	units, err := h.startAll(ctx, plugins)
	if err != nil {
		return err
	}
	h.replace(units)
	return nil
}

// ReloadOne does the same with one plugin, with the settings that it has: its file
// is looked for and verified again.
func (h *Host) ReloadOne(ctx context.Context, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	units := slices.Clone(h.chain())
	n := slices.IndexFunc(units, func(u *unit) bool { return u.cfg.Name == name })
	if n < 0 {
		return ErrNoPlugin
	}
	u, err := h.startOne(ctx, n, units[n].cfg)
	if err != nil {
		return err
	}
	units[n] = u
	if err := conflicts(units); err != nil {
		u.close()
		return err
	}
	h.replace(units)
	return nil
}

// replace puts units in force and ends those that are not among them any more. h.mu
// is held.
func (h *Host) replace(units []*unit) {
	old := slices.Clone(h.chain())
	h.units.Store(&units)
	for _, u := range units {
		if !slices.Contains(old, u) {
			h.notices.tell(u.cfg.Name, Reloaded, "version "+u.offer.version)
		}
	}
	h.closeAll(slices.DeleteFunc(old, func(u *unit) bool { return slices.Contains(units, u) }))
}

// Disable ends a plugin until Enable or a reload: names and messages pass as if it
// were not there, and its commands say that they are not.
func (h *Host) Disable(name string) error {
	u := h.unit(name)
	if u == nil {
		return ErrNoPlugin
	}
	u.disable()
	return nil
}

// Enable lets a disabled plugin, or one that is left alone, run again.
func (h *Host) Enable(name string) error {
	u := h.unit(name)
	if u == nil {
		return ErrNoPlugin
	}
	u.enable()
	return nil
}

func (h *Host) unit(name string) *unit {
	for _, u := range h.chain() {
		if u.cfg.Name == name {
			return u
		}
	}
	return nil
}

// Offers implements hooks.Hooks. It changes with a reload only.
func (h *Host) Offers() hooks.Offers {
	var o hooks.Offers
	for _, u := range h.chain() {
		if u.offer.names {
			o.Names = true
			o.NameTimeout = max(o.NameTimeout, u.cfg.Timeout+backstop)
		}
		if u.offer.filters {
			o.Public = o.Public || u.offer.public
			o.Private = o.Private || u.offer.private
			o.MessageTimeout = max(o.MessageTimeout, u.cfg.Timeout+backstop)
		}
		o.Observes = o.Observes || u.offer.events
		o.Commands = append(o.Commands, u.offer.commands...)
		if len(u.offer.commands) > 0 {
			o.CommandTimeout = max(o.CommandTimeout, u.cfg.CommandTimeout+backstop)
		}
	}
	return o
}

// backstop is how much longer the daemon waits than this package does, which
// answers by each plugin's policy: long enough that a machine which is busy does not
// make the daemon hand back what the policy would post.
const backstop = time.Second

// Observe implements hooks.Hooks.
func (h *Host) Observe(_ context.Context, events []hooks.Event) {
	for _, u := range h.chain() {
		if u.offer.events && !u.isDisabled() {
			u.events.put(events)
		}
	}
}
