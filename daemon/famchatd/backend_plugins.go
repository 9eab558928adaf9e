package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"famchat/admin"
	"famchat/internal/nearest"
	"famchat/plugins/host"
)

// Plugins implements admin.Backend.
func (s *service) Plugins(context.Context) ([]admin.Plugin, error) {
	var all []admin.Plugin
	for _, p := range s.plugins.Status() {
		all = append(all, admin.Plugin{
			Name: p.Name, Version: p.Version, State: p.State, PID: p.PID,
			Hooks:    named([]string{"names", "messages", "commands", "events"}, p.Names, p.Filters, len(p.Commands) > 0, p.Observes),
			Sees:     named([]string{"public", "private"}, (p.Filters || p.Observes) && p.Public, (p.Filters || p.Observes) && p.Private),
			Commands: p.Commands, Grants: p.Grants,
			Calls: p.Calls, Failures: p.Failures, Crashes: p.Crashes, Restarts: p.Restarts,
			Ungranted: p.Ungranted, Unseen: p.Unseen, P50: admin.Duration(p.P50), P99: admin.Duration(p.P99),
			RetryIn: admin.Duration(p.RetryIn),
		})
	}
	return all, nil
}

// named are the names of what is so.
func named(names []string, is ...bool) []string {
	all := []string{}
	for i, name := range names {
		if is[i] {
			all = append(all, name)
		}
	}
	return all
}

// ReloadPlugin implements admin.Backend.
func (s *service) ReloadPlugin(ctx context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.aboutPlugin(name, s.plugins.ReloadOne(ctx, name)); err != nil {
		return err
	}
	// Its offers may be others now.
	_, err := s.server.Reconfigure(context.WithoutCancel(ctx), s.inUse.daemon())
	return problem(err)
}

// DisablePlugin implements admin.Backend.
func (s *service) DisablePlugin(_ context.Context, name string) error {
	return s.aboutPlugin(name, s.plugins.Disable(name))
}

// EnablePlugin implements admin.Backend.
func (s *service) EnablePlugin(_ context.Context, name string) error {
	return s.aboutPlugin(name, s.plugins.Enable(name))
}

// aboutPlugin is an error about a plugin as who asked reads it.
func (s *service) aboutPlugin(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, host.ErrClosed):
		return admin.Errorf(admin.CodeStopping, "the daemon is stopping")
	case !errors.Is(err, host.ErrNoPlugin):
		return admin.Errorf(admin.CodeRefused, "the plugin stays as it was: %v", err)
	}
	near := nearest.New(strings.ToLower(name))
	var names []string
	for _, p := range s.plugins.Status() {
		near.Try(p.Name)
		names = append(names, p.Name)
	}
	slices.Sort(names)
	switch found := near.Best(); {
	case len(found) > 0:
		return admin.Errorf(admin.CodeNoPlugin, "there is no plugin %q; did you mean %s?", name, oneOf(found))
	case len(names) > 0:
		return admin.Errorf(admin.CodeNoPlugin, "there is no plugin %q; there are %s", name, strings.Join(names, ", "))
	}
	return admin.Errorf(admin.CodeNoPlugin, "there is no plugin %q; famchat.yaml has none", name)
}
