package main

import (
	"context"
	"strings"

	"famchat/admin"
)

// reloadOn reloads whenever it is asked to, until ctx ends: a signal to stop does not
// wait for it.
func (s *service) reloadOn(ctx context.Context, asked <-chan struct{}) {
	for {
		select {
		case <-asked:
			_, _ = s.reload(ctx, false) // the error has been logged
		case <-ctx.Done():
			return
		}
	}
}

// reload reads the settings again, and starts all plugins anew; where the settings
// are wrong, or a plugin is no good, all stays as it was. A dry run starts the
// plugins to see whether they are good, ends them, and changes nothing.
func (s *service) reload(ctx context.Context, dry bool) (admin.ReloadAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := settings(s.file)
	if err != nil {
		return s.notReloaded(dry, err)
	}
	answer := admin.ReloadAnswer{
		Changed: changes(s.inUse, c),
		Restart: restarts(s.server.NeedsRestart(c.daemon()), s.made, c),
	}
	if dry {
		if err := tryPlugins(ctx, c); err != nil {
			return s.notReloaded(dry, err)
		}
		return answer, nil
	}
	h, err := c.hostConfig(s.log)
	if err == nil {
		err = locate(c.doc, s.plugins.Reload(ctx, h.Plugins))
	}
	if err == nil {
		// The plugins are new by now: that their offers count must not depend on
		// whether somebody still waits for it.
		_, err = s.server.Reconfigure(context.WithoutCancel(ctx), c.daemon())
	}
	if err != nil {
		return s.notReloaded(dry, err)
	}
	s.inUse = c
	setLevel(s.level, c.Log.Level)
	s.log.Info("settings reloaded", "need_restart", strings.Join(answer.Restart, " "))
	return answer, nil
}

func (s *service) notReloaded(dry bool, err error) (admin.ReloadAnswer, error) {
	if !dry {
		s.log.Error("settings not reloaded, the old ones stay", "err", err)
	}
	return admin.ReloadAnswer{}, err
}
