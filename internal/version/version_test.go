package version

import (
	"runtime/debug"
	"testing"
)

func TestDescribe(t *testing.T) {
	for _, test := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"a release", debug.BuildInfo{Main: debug.Module{Version: "v1.2.0"}}, "v1.2.0"},
		{"nothing known", debug.BuildInfo{}, "devel"},
		{"a working tree", debug.BuildInfo{
			Main: debug.Module{Version: "(devel)"},
			Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"},
				{Key: "vcs.modified", Value: "true"},
			},
		}, "devel 0123456789ab (modified)"},
		{"a short revision", debug.BuildInfo{
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "42"}, {Key: "vcs.modified", Value: "false"}},
		}, "devel 42"},
	} {
		if got := describe(&test.info); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestStringIsNeverEmpty(t *testing.T) {
	if String() == "" {
		t.Error("no version")
	}
}
