// Package contract is what a plugin and its host agree on besides plugin.proto:
// the handshake, the environment and the limits.
package contract

import (
	"context"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"famchat/plugins/pluginpb"
)

// Handshake is go-plugin's. The cookie keeps people from starting a plugin by
// hand and wondering; it is no secret.
var Handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "FAMCHAT_PLUGIN",
	MagicCookieValue: "a family's own rules",
}

// Name is what go-plugin calls the service.
const Name = "famchat"

// What a plugin finds in its environment, besides go-plugin's own.
const (
	// EnvLifeline is "stdin" where the plugin is to exit at the end of stdin: the
	// host is gone then.
	EnvLifeline   = "FAMCHAT_PLUGIN_LIFELINE"
	LifelineStdin = "stdin"
	// EnvLogLevel is the level below which the host drops records: debug, info,
	// warn or error.
	EnvLogLevel = "FAMCHAT_PLUGIN_LOG_LEVEL"
	// EnvHost is the same for all plugins of one host, and for no others: by it the
	// host finds what they have started.
	EnvHost = "FAMCHAT_PLUGIN_HOST"
	// EnvDir is the folder that the plugin's file is in.
	EnvDir = "FAMCHAT_PLUGIN_DIR"
)

// The limits of an answer.
const (
	// MaxBatch is how many items a call asks about.
	MaxBatch = 256
	// MaxBatchBytes is how long their texts are together, but for a single one.
	MaxBatchBytes = 256 << 10
	// MaxAnswerBytes is how long an answer is.
	MaxAnswerBytes = 4 << 20
	// MaxTextBytes is how long a text or a reason in a verdict or an effect is.
	MaxTextBytes = 4096
	// MaxReplyBytes is how long a command's reply is, or why it failed.
	MaxReplyBytes = 64 << 10
	// MaxEffects is how many effects a command has.
	MaxEffects = 64
	// MaxCommands is how many commands a plugin offers.
	MaxCommands = 256
)

// How long a hook may take where famchat.yaml does not say.
const (
	NameTimeout    = 250 * time.Millisecond
	MessageTimeout = 250 * time.Millisecond
	CommandTimeout = 5 * time.Second
	ObserveTimeout = time.Second
)

// Plugins is go-plugin's set for a service, which is nil in the host.
func Plugins(service pluginpb.PluginServer) plugin.PluginSet {
	return plugin.PluginSet{Name: &wire{service: service}}
}

// wire joins go-plugin and the generated code.
type wire struct {
	plugin.NetRPCUnsupportedPlugin
	service pluginpb.PluginServer
}

func (w *wire) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	pluginpb.RegisterPluginServer(s, w.service)
	return nil
}

func (w *wire) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return pluginpb.NewPluginClient(c), nil
}
