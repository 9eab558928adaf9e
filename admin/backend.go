package admin

import "context"

// Backend is what the handler needs of a daemon. Its methods are called
// concurrently, each with a deadline, and give up when it is over. An error that is
// an *Error reaches the caller as it is; any other is CodeInternal.
type Backend interface {
	// Members are those who are connected, by ID, who still choose a name too.
	Members(context.Context) ([]Member, error)
	// Kick removes people, and has an outcome for each that was asked for, in that
	// order. When it returns it has happened.
	Kick(context.Context, KickRequest) ([]Outcome, error)
	// Bans are the names and addresses that are kept out, the next to end first.
	Bans(context.Context) ([]Ban, error)
	// Unban lets names and addresses in again.
	Unban(context.Context, WhoRequest) ([]Outcome, error)
	// Mute hands back what people send, instead of posting it.
	Mute(context.Context, MuteRequest) ([]Outcome, error)
	// Unmute ends that.
	Unmute(context.Context, WhoRequest) ([]Outcome, error)
	// Broadcast shows everyone a text in the server's name.
	Broadcast(context.Context, TextRequest) error
	// Tell shows it to one person.
	Tell(context.Context, TellRequest) error
	// Stats is what has been counted.
	Stats(context.Context) (Stats, error)
	// Watch returns what happens from now on, until ctx ends; the channel is closed
	// then, or when the daemon stops. What people write is among it where messages
	// is true; CodeRefused says that famchat.yaml does not allow that.
	Watch(ctx context.Context, messages bool) (<-chan Event, error)
	// Plugins are the plugins, in the order of famchat.yaml.
	Plugins(context.Context) ([]Plugin, error)
	// ReloadPlugin starts one anew. DisablePlugin ends it until EnablePlugin, or a
	// reload; until then names and messages pass as if it were not there.
	ReloadPlugin(ctx context.Context, name string) error
	DisablePlugin(ctx context.Context, name string) error
	EnablePlugin(ctx context.Context, name string) error
	// Reload reads famchat.yaml again: all of it or, where something is wrong or
	// the request is a dry run, nothing.
	Reload(context.Context, ReloadRequest) (ReloadAnswer, error)
	// Shutdown stops the daemon, after a countdown that everyone reads. A new one
	// replaces the one under way.
	Shutdown(context.Context, ShutdownRequest) error
	// CancelShutdown ends the countdown; CodeRefused says that there is none.
	CancelShutdown(context.Context) error
}
