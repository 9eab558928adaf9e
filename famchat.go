// Package famchat holds the configuration that ships with famchat. It knows
// nothing of what it says: famchatd decodes it.
package famchat

import _ "embed"

// DefaultConfig is famchat.yaml, every setting at its default. It MUST NOT be
// changed.
//
//go:embed famchat.yaml
var DefaultConfig []byte
