package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"gopkg.in/yaml.v3"

	"famchat"
	"famchat/internal/strictyaml"
	"famchat/internal/version"
	"famchat/plugins/host"
)

// pluginConfig is one entry of plugins:.
type pluginConfig struct {
	Name           string           `yaml:"name"`
	Path           string           `yaml:"path"`
	SHA256         string           `yaml:"sha256"`
	Config         yaml.Node        `yaml:"config"`
	Grants         []string         `yaml:"grants"`
	OnError        string           `yaml:"on_error"`
	Timeout        time.Duration    `yaml:"timeout"`
	CommandTimeout time.Duration    `yaml:"command_timeout"`
	Env            []string         `yaml:"env"`
	MTLS           bool             `yaml:"mtls"`
	Memory         strictyaml.Bytes `yaml:"memory"`
}

// The values of on_error.
const (
	onErrorOpen   = "open"
	onErrorClosed = "closed"
)

var errorPolicies = []string{onErrorOpen, onErrorClosed}

// SetDefaults sets what holds where an entry says nothing.
func (p *pluginConfig) SetDefaults() {
	*p = pluginConfig{
		OnError: onErrorOpen, Timeout: 250 * time.Millisecond, CommandTimeout: 5 * time.Second,
		MTLS: true, Memory: host.DefaultMemoryBytes,
	}
}

// shippedPlugins are the plugins of the shipped famchat.yaml.
func shippedPlugins() []pluginConfig {
	var shipped config
	if _, err := strictyaml.Decode(builtIn, famchat.DefaultConfig, &shipped); err != nil {
		panic(err) // it is built in, and tested
	}
	return shipped.Plugins
}

// plugins are the plugins as their host takes them. A relative path is one from the
// folder of famchat.yaml.
func (c config) plugins() ([]host.Plugin, error) {
	var errs strictyaml.Errors
	plugins := make([]host.Plugin, len(c.Plugins))
	for i, p := range c.Plugins {
		plugins[i] = host.Plugin{
			Name: p.Name, Path: c.path(p.Path), SHA256: p.SHA256, Grants: p.Grants, Closed: p.OnError == onErrorClosed,
			Timeout: p.Timeout, CommandTimeout: p.CommandTimeout, Env: p.Env, NoMTLS: !p.MTLS, MemoryBytes: int64(p.Memory),
		}
		var err error
		if plugins[i].ConfigJSON, err = toJSON(&p.Config); err != nil {
			errs = append(errs, c.doc.Errorf(fmt.Sprintf("plugins[%d].config", i), "%v", err))
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return plugins, nil
}

// toJSON is a node as JSON; nothing at all is nothing.
func toJSON(n *yaml.Node) ([]byte, error) {
	if n.Kind == 0 || n.Tag == "!!null" {
		return nil, nil
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return nil, err
	}
	b, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("it has no form in JSON, in which plugins are given it: %w", err)
	}
	return b, nil
}

// hostConfig is what the host of the plugins is made of.
func (c config) hostConfig(log *slog.Logger) (host.Config, error) {
	plugins, err := c.plugins()
	if err != nil {
		return host.Config{}, err
	}
	h := host.Config{Plugins: plugins, Version: version.String(), Log: log, Seed: uint64(time.Now().UnixNano())}
	return h, locate(c.doc, h.Validate())
}
