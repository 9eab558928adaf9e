package host

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"famchat/plugins/internal/contract"
)

// Config is what a Host is made of.
type Config struct {
	// Plugins are the plugins, in the order in which they filter.
	Plugins []Plugin
	// Version is the daemon's version, which plugins are told.
	Version string
	// Folder is where sockets are put, in a folder of the host's own; "" is
	// DefaultFolder. It is made with mode 0700 where it is not there. Its path may
	// have at most 40 bytes.
	Folder string
	// Log is where records go, the plugins' own included; nil is nowhere.
	Log *slog.Logger
	// Notify, if there is one, is told what becomes of plugins, from one goroutine and
	// in order. Where it is too slow, it misses some.
	Notify func(Event)
	// Seed is where the jitter of restarts begins.
	Seed uint64
}

// Plugin is one entry of plugins: in famchat.yaml.
type Plugin struct {
	// Name is what the plugin is called: a-z, 0-9 and -, at most 32 of them.
	Name string
	// Path is its file; "" is famchat-plugin-NAME beside the daemon's binary, else
	// on PATH, but never on root's.
	Path string
	// SHA256 is what the file must hash to, in hexadecimal; "" is anything.
	SHA256 string
	// ConfigJSON is given to the plugin.
	ConfigJSON []byte
	// Grants are what it may do beyond answering: members, say, act, private, tell.
	Grants []string
	// Closed says that a message which the plugin fails to check is handed back to
	// its author; else it is posted as it is. A name is never taken unchecked.
	Closed bool
	// Timeout is how long a name or a message may take in all; 0 is 250 ms.
	Timeout time.Duration
	// CommandTimeout is how long a command may take; 0 is five seconds.
	CommandTimeout time.Duration
	// Env are the variables of the daemon's environment that it gets, by name.
	Env []string
	// NoMTLS leaves out the certificates that go-plugin makes for each start, which
	// few plugins in other languages support.
	NoMTLS bool
	// MemoryBytes is how much it may allocate (RLIMIT_DATA; Linux); 0 is
	// DefaultMemoryBytes.
	MemoryBytes int64
}

// DefaultMemoryBytes is how much a plugin may allocate.
const DefaultMemoryBytes = 512 << 20

// The grants that there are.
const (
	grantMembers = "members"
	grantSay     = "say"
	grantAct     = "act"
	grantPrivate = "private"
	grantTell    = "tell"
)

var grants = []string{grantMembers, grantSay, grantAct, grantPrivate, grantTell}

// nameRule is what plugins and commands are called.
var nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

var hashRule = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// Error is something that is wrong with a plugin.
type Error struct {
	Plugin string // its name
	Key    string // the setting as famchat.yaml names it: plugins[1].path
	Err    error
}

func (e *Error) Error() string {
	if e.Plugin == "" {
		return fmt.Sprintf("%s: %v", e.Key, e.Err)
	}
	return fmt.Sprintf("%s: plugin %s: %v", e.Key, e.Plugin, e.Err)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Setting is the key, for who says in which line of a file it stands.
func (e *Error) Setting() string { return e.Key }

// Validate says what is wrong with the settings: an *Error, or several joined. It
// looks for no file and starts nothing.
func (c Config) Validate() error {
	var errs []error
	names := map[string]bool{}
	for i, p := range c.Plugins {
		wrong := func(key, format string, args ...any) {
			errs = append(errs, &Error{Plugin: p.Name, Key: fmt.Sprintf("plugins[%d].%s", i, key), Err: fmt.Errorf(format, args...)})
		}
		switch {
		case !nameRule.MatchString(p.Name):
			errs = append(errs, &Error{Key: fmt.Sprintf("plugins[%d].name", i),
				Err: fmt.Errorf("expected a name of a-z, 0-9 and -, at most 32 long, found %q", p.Name)})
			continue
		case names[p.Name]:
			wrong("name", "it is listed twice")
		}
		names[p.Name] = true
		for _, g := range p.Grants {
			if !slices.Contains(grants, g) {
				wrong("grants", "expected %s, found %q", strings.Join(grants, ", "), g)
			}
		}
		if p.SHA256 != "" && !hashRule.MatchString(p.SHA256) {
			wrong("sha256", "expected 64 hexadecimal digits")
		}
		if p.Timeout < 0 || p.Timeout > time.Minute {
			wrong("timeout", "expected at most 1m, found %v", p.Timeout)
		}
		if p.CommandTimeout < 0 || p.CommandTimeout > 10*time.Minute {
			wrong("command_timeout", "expected at most 10m, found %v", p.CommandTimeout)
		}
		if p.MemoryBytes < 0 {
			wrong("memory", "expected a size, found %d", p.MemoryBytes)
		}
		for _, e := range p.Env {
			if e == "" || strings.ContainsAny(e, "=\x00") {
				wrong("env", "expected names of environment variables, found %q", e)
			}
		}
	}
	return errors.Join(errs...)
}

// withDefaults puts what they stand for in place of zero values.
func (p Plugin) withDefaults() Plugin {
	if p.Timeout == 0 {
		p.Timeout = contract.MessageTimeout
	}
	if p.CommandTimeout == 0 {
		p.CommandTimeout = contract.CommandTimeout
	}
	if p.MemoryBytes == 0 {
		p.MemoryBytes = DefaultMemoryBytes
	}
	return p
}

func (p *Plugin) granted(g string) bool { return slices.Contains(p.Grants, g) }
