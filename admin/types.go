package admin

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Duration is a span of time: a number of seconds in JSON, where "10m" is read too.
type Duration time.Duration

// MarshalJSON writes seconds.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).Seconds())
}

// UnmarshalJSON reads seconds, or a string as time.ParseDuration does.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err == nil {
		if most := time.Duration(math.MaxInt64).Seconds(); seconds >= most || seconds <= -most {
			return fmt.Errorf("%s seconds are more than 292 years", b)
		}
		*d = Duration(seconds * float64(time.Second))
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("a time is a number of seconds or a string such as \"10m\", not %s", b)
	}
	parsed, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("a time is a number of seconds or a string such as \"10m\", not %q", s)
	}
	*d = Duration(parsed)
	return nil
}

// Member is somebody connected.
type Member struct {
	ID       uint64    `json:"id"`
	Name     string    `json:"name"` // "" is somebody still choosing one
	Address  string    `json:"address"`
	Since    time.Time `json:"since"`
	Idle     Duration  `json:"idle_seconds"`  // since they last sent something
	Messages uint32    `json:"messages"`      // that they sent
	Backlog  int64     `json:"backlog_bytes"` // that wait for them
	Muted    bool      `json:"muted,omitempty"`
}

// KickRequest asks to remove people.
type KickRequest struct {
	// Who are names, however they are typed, or IDs as #17.
	Who []string `json:"who,omitempty"`
	// All is everybody, in place of Who.
	All bool `json:"all,omitempty"`
	// For is how long their names stay out; 0 is not at all.
	For Duration `json:"for,omitempty"`
	// Address keeps out their addresses too, but for loopback.
	Address bool   `json:"address,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// MuteRequest asks to hand back what people send.
type MuteRequest struct {
	Who []string `json:"who"`
	// For is how long; 0 is until they are unmuted.
	For    Duration `json:"for,omitempty"`
	Reason string   `json:"reason,omitempty"`
}

// WhoRequest names people or, to unban, names and addresses.
type WhoRequest struct {
	Who []string `json:"who"`
}

// Outcome is what became of one of those that a request named.
type Outcome struct {
	Who   string `json:"who"` // as it was asked for
	ID    uint64 `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	Error *Error `json:"error,omitempty"` // nil: it was done
}

// Ban is a name or an address that is kept out.
type Ban struct {
	Name    string    `json:"name,omitempty"`
	Address string    `json:"address,omitempty"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason,omitempty"`
}

// TextRequest has a text for everyone, of one or several lines.
type TextRequest struct {
	Text string `json:"text"`
}

// TellRequest has a text for one person.
type TellRequest struct {
	Who  string `json:"who"` // a name, or an ID as #17
	Text string `json:"text"`
}

// Stats is what a daemon has counted since it started.
type Stats struct {
	Version  string    `json:"version"`
	Started  time.Time `json:"started"`
	Uptime   Duration  `json:"uptime_seconds"`
	Members  int       `json:"members"`  // who have a name
	Choosing int       `json:"choosing"` // who do not yet
	Peak     int       `json:"peak"`     // the most members at once

	Messages     uint64            `json:"messages"`      // that were posted, public and private
	Deliveries   uint64            `json:"deliveries"`    // a public message to ten members is ten
	BytesRead    uint64            `json:"bytes_read"`    // from connections
	BytesWritten uint64            `json:"bytes_written"` // to them
	Backlog      int64             `json:"backlog_bytes"` // that wait for all together
	Accepted     uint64            `json:"accepted"`      // connections
	Refused      uint64            `json:"refused"`       // connections for which there was no descriptor
	Closed       map[string]uint64 `json:"closed"`        // connections, by why they ended

	Turns       uint64   `json:"turns"` // of the event loop
	LongestTurn Duration `json:"longest_turn_seconds"`
	LogLost     int64    `json:"log_lost"` // records that the log was too slow for
	// ShutdownIn is how long the countdown under way has to go; 0 is none.
	ShutdownIn Duration `json:"shutdown_in_seconds,omitempty"`
}

// The states of plugins.
const (
	PluginRunning   = "running"
	PluginStarting  = "starting"
	PluginLeftAlone = "left alone" // its breaker is open
	PluginGivenUp   = "given up"   // it failed too often, and runs again when it is enabled or reloaded
	PluginDisabled  = "disabled"   // by the admin: as good as not there
)

// Plugin is a plugin and what has been counted of it.
type Plugin struct {
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	State     string   `json:"state"` // one of those above
	PID       int      `json:"pid,omitempty"`
	Hooks     []string `json:"hooks"`              // names, messages, commands, events
	Sees      []string `json:"sees,omitempty"`     // the kinds of messages: public, private
	Commands  []string `json:"commands,omitempty"` // without the slash
	Grants    []string `json:"grants,omitempty"`
	Calls     int64    `json:"calls"`
	Failures  int64    `json:"failures"`
	Crashes   int64    `json:"crashes"`
	Restarts  int64    `json:"restarts"`
	Ungranted int64    `json:"ungranted"` // effects that were not granted
	Unseen    int64    `json:"unseen"`    // events that it was too slow for
	P50       Duration `json:"p50_seconds"`
	P99       Duration `json:"p99_seconds"`
	// RetryIn is when one that is left alone is tried again.
	RetryIn Duration `json:"retry_in_seconds,omitempty"`
}

// The kinds of events.
const (
	EventJoined  = "joined"
	EventLeft    = "left"
	EventMessage = "message" // what somebody wrote
	EventPlugin  = "plugin"  // something became of a plugin
)

// Event is something that happened.
type Event struct {
	Time time.Time `json:"time"`
	Kind string    `json:"kind"`
	// Who joined, left, or wrote.
	ID   uint64 `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	// Why they left, as Stats.Closed counts it; and for one who was removed, what
	// the admin said of it.
	Reason string `json:"reason,omitempty"`
	// Plugin is the plugin's name.
	Plugin string `json:"plugin,omitempty"`
	// To is who a private message is for.
	To string `json:"to,omitempty"`
	// Text is the message; the admin's reason; or what became of the plugin.
	Text string `json:"text,omitempty"`
	// Lost is how many events before this one the watcher was too slow for.
	Lost int64 `json:"lost,omitempty"`
}

// ReloadRequest asks to read famchat.yaml again.
type ReloadRequest struct {
	// DryRun only says what would change.
	DryRun bool `json:"dry_run,omitempty"`
}

// ReloadAnswer is what a reload changed, or would.
type ReloadAnswer struct {
	// Changed are the settings that differ, with what they were and are.
	Changed []Change `json:"changed"`
	// Restart are those of them that count only after a restart.
	Restart []string `json:"restart"`
}

// Change is a setting that differs.
type Change struct {
	Setting string `json:"setting"` // as limits.backlog
	Old     string `json:"old"`
	New     string `json:"new"`
}

// ShutdownRequest asks the daemon to stop.
type ShutdownRequest struct {
	// In is the countdown; 0 is none.
	In Duration `json:"in,omitempty"`
}
