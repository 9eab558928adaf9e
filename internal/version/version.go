// Package version tells which version of famchat a binary is. It knows nothing
// of what the binary does.
package version

import "runtime/debug"

// unknown is the version of a binary built from a tree without a version.
const unknown = "devel"

// revisionDigits is how much of a commit's hash is shown.
const revisionDigits = 12

// String returns the version that the go command wrote into the binary: a
// release, a pseudo-version, or "devel" with the commit where that is known.
func String() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	return describe(info)
}

func describe(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	v := unknown
	modified := false
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v += " " + setting.Value[:min(len(setting.Value), revisionDigits)]
		case "vcs.modified":
			modified = setting.Value == "true"
		}
	}
	if modified {
		v += " (modified)"
	}
	return v
}
