// Famchat-plugin-names is a plugin of famchat: it refuses names that the family
// does not want, beyond what every name must be.
package main

import (
	"famchat/internal/version"
	"famchat/plugins"
)

func main() { plugins.Serve("names", version.String(), newPlugin) }
