package main

import (
	"os"
	"path/filepath"
	"strings"

	"famchat/daemon"
	"famchat/internal/folders"
	"famchat/internal/strictyaml"
)

// defaultConfig returns what holds where famchat.yaml says nothing. The shipped
// famchat.yaml says the same, which a test holds them to; the plugins are taken from
// there.
func defaultConfig() config {
	d := daemon.DefaultConfig()
	l := d.Limits
	return config{
		Listen: d.Listen,
		Room: roomConfig{
			Name: d.Room.Name, History: d.Room.History, HistoryBytes: strictyaml.Bytes(d.Room.HistoryBytes),
		},
		Limits: limitsConfig{
			Clients: l.Clients, NameTimeout: l.NameTimeout, NamesTried: l.NamesTried, FrameTimeout: l.FrameTimeout,
			MessageRate: l.MessageRate, MessageBurst: l.MessageBurst, FloodTimeout: l.FloodTimeout,
			MessageLines: l.MessageLines, Mentions: l.Mentions, Bans: l.Bans, Mutes: l.Mutes,
			Backlog: strictyaml.Bytes(l.Backlog), Lagging: l.Lagging, OwnBacklog: strictyaml.Bytes(l.OwnBacklog),
			OwnTotal: strictyaml.Bytes(l.OwnTotal), SendBuffer: strictyaml.Bytes(l.SendBuffer),
			Keepalive: l.Keepalive, DeadPeer: l.DeadPeer,
			Pending: l.Pending, Lingering: l.Lingering, Mailbox: l.Mailbox,
		},
		Plugins:       shippedPlugins(),
		Log:           logConfig{Level: "info", Format: "text"},
		ShutdownGrace: d.ShutdownGrace,
		EventLoop:     d.EventLoop,
	}
}

// daemon returns the settings as the daemon takes them.
func (c config) daemon() daemon.Config {
	l := c.Limits
	return daemon.Config{
		Listen:      c.Listen,
		AllowRemote: c.AllowRemote,
		MayRead:     c.Admin.MayRead,
		Room: daemon.Room{
			Name: c.Room.Name, Welcome: c.Room.Welcome,
			History: c.Room.History, HistoryBytes: int64(c.Room.HistoryBytes),
		},
		Limits: daemon.Limits{
			Clients: l.Clients, NameTimeout: l.NameTimeout, NamesTried: l.NamesTried, FrameTimeout: l.FrameTimeout,
			MessageRate: l.MessageRate, MessageBurst: l.MessageBurst, FloodTimeout: l.FloodTimeout,
			MessageLines: l.MessageLines, Mentions: l.Mentions, Bans: l.Bans, Mutes: l.Mutes,
			Backlog: int64(l.Backlog), Lagging: l.Lagging, OwnBacklog: int64(l.OwnBacklog),
			OwnTotal: int64(l.OwnTotal), SendBuffer: int64(l.SendBuffer),
			Keepalive: l.Keepalive, DeadPeer: l.DeadPeer,
			Pending: l.Pending, Lingering: l.Lingering, Mailbox: l.Mailbox,
		},
		ShutdownGrace: c.ShutdownGrace,
		EventLoop:     c.EventLoop,
	}
}

// path is a path that the settings have, from the folder of famchat.yaml.
func (c config) path(p string) string {
	if p == "" || filepath.IsAbs(p) || c.doc == nil {
		return p
	}
	return filepath.Join(filepath.Dir(c.doc.File), p)
}

// stateFolder is where the daemon keeps what outlives a restart, or "" where there
// is no place for it.
func (c config) stateFolder() string {
	if c.State != "" {
		return c.path(c.State)
	}
	return defaultStateFolder(os.Geteuid(), os.Getenv)
}

func defaultStateFolder(uid int, getenv func(string) string) string {
	// systemd gives several folders where a unit asks for several.
	if folder, _, _ := strings.Cut(getenv("STATE_DIRECTORY"), ":"); folder != "" {
		return folder
	}
	if uid == 0 {
		return "/var/lib/famchat"
	}
	folder, _ := folders.State(getenv) // none is none
	return folder
}
