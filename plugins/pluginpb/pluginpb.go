// Package pluginpb is the contract between the daemon and its plugins, generated
// from plugin.proto, which says what each message means. Plugins written in Go use
// package plugins instead.
package pluginpb

//go:generate go run ./gen .
