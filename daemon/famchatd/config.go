package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"famchat"
	"famchat/internal/strictyaml"
)

// builtIn is what the built-in configuration is called in errors.
const builtIn = "famchat.yaml (built in)"

// config is famchat.yaml, which says what each setting means. The ranges of what
// the daemon is given are checked by its Validate.
type config struct {
	Listen        []string       `yaml:"listen"`
	AllowRemote   bool           `yaml:"allow_remote"`
	Room          roomConfig     `yaml:"room"`
	Admin         adminConfig    `yaml:"admin"`
	State         string         `yaml:"state"`
	Limits        limitsConfig   `yaml:"limits"`
	Plugins       []pluginConfig `yaml:"plugins"`
	Log           logConfig      `yaml:"log"`
	ShutdownGrace time.Duration  `yaml:"shutdown_grace"`
	EventLoop     string         `yaml:"event_loop"`

	// doc is where the settings stand, for locate.
	doc *strictyaml.Document
}

type roomConfig struct {
	Name         string           `yaml:"name"`
	Welcome      string           `yaml:"welcome"`
	History      int              `yaml:"history"`
	HistoryBytes strictyaml.Bytes `yaml:"history_bytes"`
}

type adminConfig struct {
	Socket  string `yaml:"socket"`
	MayRead bool   `yaml:"may_read"`
}

type limitsConfig struct {
	Clients      int              `yaml:"clients"`
	NameTimeout  time.Duration    `yaml:"name_timeout"`
	NamesTried   int              `yaml:"names_tried"`
	FrameTimeout time.Duration    `yaml:"frame_timeout"`
	MessageRate  int              `yaml:"message_rate"`
	MessageBurst int              `yaml:"message_burst"`
	FloodTimeout time.Duration    `yaml:"flood_timeout"`
	MessageLines int              `yaml:"message_lines"`
	Mentions     int              `yaml:"mentions"`
	Bans         int              `yaml:"bans"`
	Mutes        int              `yaml:"mutes"`
	Backlog      strictyaml.Bytes `yaml:"backlog"`
	Lagging      time.Duration    `yaml:"lagging"`
	OwnBacklog   strictyaml.Bytes `yaml:"own_backlog"`
	OwnTotal     strictyaml.Bytes `yaml:"own_total"`
	SendBuffer   strictyaml.Bytes `yaml:"send_buffer"`
	Keepalive    time.Duration    `yaml:"keepalive"`
	DeadPeer     time.Duration    `yaml:"dead_peer"`
	Pending      int              `yaml:"pending"`
	Lingering    int              `yaml:"lingering"`
	Mailbox      int              `yaml:"mailbox"`
}

type logConfig struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// The values of log.level and log.format.
var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"text", "json"}
)

// loadConfig reads the configuration from the file at path; path "" is the
// built-in one, whose plugins are those of a file that does not mention them. An error about what the file says has one line for every
// problem, with the file's name and line.
func loadConfig(path string) (config, error) {
	if path == "" {
		return parseConfig(builtIn, famchat.DefaultConfig)
	}
	data, err := readConfig(path)
	if err != nil {
		return config{}, fmt.Errorf("reading the configuration: %w", err)
	}
	return parseConfig(path, data)
}

// readConfig reads the file at path, and no more of it than it takes to know
// that it is too large.
func readConfig(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, strictyaml.MaxFileBytes+1))
}

// parseConfig decodes data, the content of file, and checks what is the
// daemon's main's own.
func parseConfig(file string, data []byte) (config, error) {
	c := defaultConfig()
	doc, err := strictyaml.Decode(file, data, &c)
	if err != nil {
		return config{}, err
	}
	c.doc = doc

	var errs strictyaml.Errors
	for i, p := range c.Plugins {
		if !slices.Contains(errorPolicies, p.OnError) {
			errs = append(errs, doc.Errorf(fmt.Sprintf("plugins[%d].on_error", i), "expected %s, found %q", oneOf(errorPolicies), p.OnError))
		}
	}
	if !slices.Contains(logLevels, c.Log.Level) {
		errs = append(errs, doc.Errorf("log.level", "expected %s, found %q", oneOf(logLevels), c.Log.Level))
	}
	if !slices.Contains(logFormats, c.Log.Format) {
		errs = append(errs, doc.Errorf("log.format", "expected %s, found %q", oneOf(logFormats), c.Log.Format))
	}
	if len(errs) > 0 {
		return config{}, errs
	}
	return c, nil
}

// oneOf returns "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// located is an error about a setting, with the place where the setting stands.
type located struct {
	file string
	line int // 0 where the file does not mention it
	err  error
}

func (e located) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("%s: %v", e.file, e.err)
	}
	return fmt.Sprintf("%s:%d: %v", e.file, e.line, e.err)
}

func (e located) Unwrap() error { return e.err }

// locate puts FILE:LINE in front of every error in err that has a method
// Setting() string, the path of a setting in doc; such an error's text should
// begin with that path. It looks into joined and wrapped errors. Where there is
// no such error, err is returned as it is.
func locate(doc *strictyaml.Document, err error) error {
	if doc == nil || err == nil {
		return err
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, locate(doc, e))
		}
		return errors.Join(errs...)
	}
	var about interface {
		error
		Setting() string
	}
	if errors.As(err, &about) {
		return located{file: doc.File, line: doc.Line(about.Setting()), err: err}
	}
	return err
}
