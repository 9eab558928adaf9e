// Famchat-plugin-profanity masks swear words, warns of them or hands them back.
package main

import (
	"famchat/internal/version"
	"famchat/plugins"
)

func main() { plugins.Serve("profanity", version.String(), newPlugin) }
