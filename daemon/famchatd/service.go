package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"famchat/admin"
	"famchat/daemon"
	"famchat/plugins/host"
)

// saveTimeout is how long a change that is kept waits for the daemon, when whoever
// made it may be gone.
const saveTimeout = 10 * time.Second

// service is what runs: the daemon with all that is put together with it.
type service struct {
	file    string // famchat.yaml; "" is the built-in one
	log     *slog.Logger
	level   *slog.LevelVar
	server  *daemon.Server
	plugins *host.Host
	state   *state
	feed    feed // what becomes of plugins
	made    config

	mu    sync.Mutex // held to reload
	inUse config
}

// serve runs the daemon until a signal or an admin stops it.
func serve(ctx context.Context, file string, c config, stderr io.Writer) int {
	debug.SetGCPercent(gcPercent)
	s := &service{file: file, level: new(slog.LevelVar), made: c, inUse: c}
	s.log = newLog(c.Log, s.level, stderr)
	fail := func(err error) int {
		fmt.Fprintln(stderr, indent(err))
		return exitUsage
	}
	var saved sanctions
	var err error
	if s.state, saved, err = openState(c.stateFolder()); err != nil {
		return fail(err)
	}
	defer s.state.close()
	socket, err := admin.Listen(c.path(c.Admin.Socket))
	if err != nil {
		return fail(err)
	}
	defer socket.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if s.plugins, err = s.startPlugins(ctx, c); err != nil {
		return fail(err)
	}
	defer s.plugins.Close()
	d := c.daemon()
	d.Log, d.Hooks, d.Bans, d.Mutes = s.log, s.plugins, saved.bans, saved.mutes
	if s.server, err = daemon.New(d); err != nil {
		fmt.Fprintln(stderr, "famchatd:", err)
		return exitFailed
	}
	return s.run(ctx, stop, socket, isTerminal(stderr))
}

// run serves the chat and the admin until ctx ends; stop ends it.
func (s *service) run(ctx context.Context, stop func(), socket *admin.Listener, terminal bool) int {
	done := make(chan struct{})
	defer close(done)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	reloads := make(chan struct{}, 1)
	var reloading sync.WaitGroup
	reloading.Go(func() { s.reloadOn(ctx, reloads) })
	onHangUp := func() {
		select {
		case reloads <- struct{}{}:
		default: // the one that has not begun yet does for both
		}
	}
	if terminal {
		onHangUp = stop
	}
	go heed(signals, done, stop, onHangUp)

	s.log.Info("admin socket", "admin", socket.Path())
	endAdmin := s.serveAdmin(ctx, socket)
	err := s.server.Serve(ctx)
	stop()
	endAdmin()
	reloading.Wait()
	ctx = context.WithoutCancel(ctx)
	if kept := s.keep(ctx); kept != nil {
		s.log.Error("who is kept out and who is muted could not be written", "err", kept)
	}
	if err != nil {
		s.log.Error("stopped", "err", err)
		return exitFailed
	}
	stats, _ := s.server.Stats(ctx) // of a server that was served
	s.log.Info("stopped", "turns", stats.Turns, "longest_turn", stats.LongestTurn, "longest_turn_cpu", stats.LongestTurnCPU)
	return exitDone
}

// serveAdmin serves the admin socket until the daemon begins to stop, or what it
// returns is called, which waits for the end.
func (s *service) serveAdmin(ctx context.Context, socket *admin.Listener) (end func()) {
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	all.Go(func() {
		select {
		case <-s.server.Stopping():
			cancel()
		case <-serving.Done():
		}
	})
	all.Go(func() {
		if err := admin.NewServer(s, s.log).Serve(serving, socket); err != nil {
			s.log.Error("the admin socket broke", "err", err)
		}
	})
	return func() { cancel(); all.Wait() }
}

// keep writes who is kept out and who is muted.
func (s *service) keep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	return s.state.save(func() (now sanctions, err error) {
		bans, err := s.server.Bans(ctx)
		mutes, err2 := s.server.Mutes(ctx)
		return sanctions{bans, mutes}, errors.Join(err, err2)
	})
}

// startPlugins starts the plugins that the settings have.
func (s *service) startPlugins(ctx context.Context, c config) (*host.Host, error) {
	h, err := c.hostConfig(s.log)
	if err != nil {
		return nil, err
	}
	h.Notify = s.feed.tell
	plugins, err := host.New(ctx, h)
	return plugins, locate(c.doc, err)
}

// tryPlugins starts the plugins that the settings have, to see whether they take
// their config, and ends them.
func tryPlugins(ctx context.Context, c config) error {
	// What a plugin's config must be only the plugin knows.
	s := service{log: slog.New(slog.DiscardHandler)}
	plugins, err := s.startPlugins(ctx, c)
	if err == nil {
		plugins.Close()
	}
	return err
}

// heed does what signals ask for: the first that stops it stops it well, the
// second at once.
func heed(signals <-chan os.Signal, done <-chan struct{}, stop, onHangUp func()) {
	stopping := false
	for {
		select {
		case <-done:
			return
		case s := <-signals:
			if s == syscall.SIGHUP {
				onHangUp()
				continue
			}
			if stopping {
				os.Exit(exitFailed)
			}
			stopping = true
			stop()
		}
	}
}
