package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// impure are what a package that is a function of what it is given does without.
var impure = []string{
	"context", "crypto/rand", "io/fs", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/netip", "os",
	"os/signal", "runtime", "sync", "sync/atomic", "syscall", "time", "unsafe", "golang.org/x/sys/unix",
}

func TestPurePackagesImportNoClockNetworkOrSystem(t *testing.T) {
	for _, test := range []struct {
		files string
		names []string // of package time, that may be used all the same
	}{
		{files: "../../protocol/protocol.go"},
		{files: "../../internal/names/*.go"},
		{files: "../../internal/nearest/*.go"},
		{files: "../../internal/safetext/*.go"},
		{files: "room/*.go", names: []string{"Duration"}},
		{files: "screen/*.go"},
		{files: "transcript/*.go"},
		{files: "hub/*.go"},
		{files: "../../plugins/famchat-plugin-profanity/internal/filter/*.go"},
		{files: "../../client/internal/lineedit/*.go"},
	} {
		paths, err := filepath.Glob(test.files)
		if err != nil {
			t.Fatal(err)
		}
		paths = slices.DeleteFunc(paths, func(path string) bool { return strings.HasSuffix(path, "_test.go") })
		if len(paths) == 0 {
			t.Errorf("%s: got no files, want some", test.files)
		}
		for _, path := range paths {
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, complaint := range complaints(f, test.names) {
				t.Errorf("%s %s", path, complaint)
			}
		}
	}
}

// Who embeds the daemon links neither go-plugin nor gRPC nor an HTTP server.
func TestTheDaemonLinksNoPluginsAndNoHTTP(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "famchat/daemon").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "famchat/daemon/hooks") {
		t.Fatalf("the dependencies are %v", deps)
	}
	for _, dep := range deps {
		for _, heavy := range []string{"hashicorp/", "google.golang.org/", "net/http", "yaml", "famchat/plugins"} {
			if strings.Contains(dep, heavy) {
				t.Errorf("it links %s", dep)
			}
		}
	}
}

// complaints says what in a file is impure. Of package time it may use names.
func complaints(f *ast.File, names []string) (list []string) {
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		switch {
		case err != nil:
			list = append(list, "has a broken import")
		case path == "time" && len(names) > 0:
			if spec.Name != nil {
				list = append(list, "imports time by another name")
			}
		case slices.Contains(impure, path):
			list = append(list, "imports "+path)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && len(names) > 0 && !slices.Contains(names, s.Sel.Name) {
				list = append(list, "uses time."+s.Sel.Name)
			}
		}
		return true
	})
	return list
}

func TestImpureFilesAreNoticed(t *testing.T) {
	for _, test := range []struct {
		source string
		names  []string
		want   string
	}{
		{`import "bytes"`, nil, ""},
		{`import "time"`, nil, "imports time"},
		{`import clock "time"`, nil, "imports time"},
		{`import ("bytes"; "net")`, nil, "imports net"},
		{`import _ "log/slog"`, nil, "imports log/slog"},
		{`import "time"; func f(time.Duration) {}`, []string{"Duration"}, ""},
		{`import "time"; var now = time.Now`, []string{"Duration"}, "uses time.Now"},
		{`import "time"; func f() { time.Sleep(1) }`, []string{"Duration"}, "uses time.Sleep"},
		{`import clock "time"; var now = clock.Now`, []string{"Duration"}, "imports time by another name"},
		{`import . "time"; var now = Now`, []string{"Duration"}, "imports time by another name"},
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "", "package p; "+test.source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(complaints(f, test.names), ", "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.source, got, test.want)
		}
	}
}
