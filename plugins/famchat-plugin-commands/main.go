// Famchat-plugin-commands is a plugin of famchat: the /commands of an ordinary
// chat.
package main

import (
	"famchat/internal/version"
	"famchat/plugins"
)

func main() { plugins.Serve("commands", version.String(), newPlugin) }
