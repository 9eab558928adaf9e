package examples_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"famchat/plugins"
	"famchat/plugins/plugintest"
)

// block is a block of code in a document.
type block struct{ language, code string }

// blocks are those of a document.
func blocks(t *testing.T, path string) []block {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	parts := strings.Split("\n"+string(data), "\n```")
	for i := 1; i < len(parts); i += 2 {
		language, code, _ := strings.Cut(parts[i], "\n")
		all = append(all, block{language, code + "\n"})
	}
	return all
}

// inLanguage are the blocks that a document says are of a language.
func inLanguage(t *testing.T, path, language string) []string {
	t.Helper()
	var code []string
	for _, b := range blocks(t, path) {
		if b.language == language {
			code = append(code, b.code)
		}
	}
	if len(code) == 0 {
		t.Fatalf("%s has no block of %s", path, language)
	}
	return code
}

// stranger runs what a document tells somebody to type who has never seen the
// project, in a new folder with files, and returns the folder and what was shown.
// The document has famchat in ~/famchat.
func stranger(t *testing.T, files map[string]string, script string) (folder, output string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(script, "$HOME/famchat") {
		t.Fatalf("the script does not say where famchat is:\n%s", script)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-euxc", strings.ReplaceAll(script, "$HOME/famchat", "'"+root+"'"))
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return folder, string(out)
}

const tried = "message: replace: oh **** it"

type words struct {
	Words []string `json:"words"`
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// swear-jar is made by what its README says.
func TestSwearJar(t *testing.T) {
	t.Parallel()
	files := map[string]string{"main.go": read(t, "swear-jar/main.go"), "main_test.go": read(t, "swear-jar/main_test.go")}
	folder, out := stranger(t, files, strings.Join(inLanguage(t, "swear-jar/README.md", "sh"), ""))
	if !strings.Contains(out, tried) {
		t.Errorf("nothing says %q:\n%s", tried, out)
	}
	plugintest.Exec(t, filepath.Join(folder, "famchat-plugin-swear-jar"), plugintest.ExecConfig{Config: words{[]string{"darn"}}})
}

// What swear-jar's go.mod and go.sum have is what go mod tidy would write.
func TestSwearJarIsTidy(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "tidy", "-diff")
	cmd.Dir = "swear-jar"
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("run go mod tidy in examples/swear-jar (%v):\n%s%s", err, &stdout, &stderr)
	}
}

const document = "../docs/plugins.md"

// The first plugin of docs/plugins.md is swear-jar, and all that the document
// tells to type works.
func TestTheDocumentsFirstPlugin(t *testing.T) {
	t.Parallel()
	code := inLanguage(t, document, "go")
	if len(code) < 2 || code[0] != read(t, "swear-jar/main.go") {
		t.Fatal("the document does not begin with examples/swear-jar/main.go and have a test")
	}
	folder, out := stranger(t, map[string]string{"main.go": code[0], "main_test.go": code[1]}, strings.Join(inLanguage(t, document, "sh"), ""))
	if !strings.Contains(out, tried) {
		t.Errorf("nothing says %q:\n%s", tried, out)
	}
	plugintest.Exec(t, filepath.Join(folder, "famchat-plugin-swear-jar"), plugintest.ExecConfig{Config: words{[]string{"darn"}}})
}

// So do the document's other plugins.
func TestTheDocumentsOtherPlugins(t *testing.T) {
	t.Parallel()
	n := 0
	all := inLanguage(t, document, "go")
	for i, code := range all[1:] {
		if !strings.Contains(code, "func main() {") {
			continue
		}
		n++
		files, script := map[string]string{"main.go": code}, inLanguage(t, document, "sh")[0]
		if next := all[1:][i+1:]; len(next) > 0 && strings.Contains(next[0], "func Test") {
			files["main_test.go"] = next[0]
			script += "go mod tidy\ngo test\n"
		}
		folder, _ := stranger(t, files, script)
		plugintest.Exec(t, filepath.Join(folder, "famchat-plugin-swear-jar"), plugintest.ExecConfig{
			Config: struct{}{},
			Grants: []plugins.Grant{plugins.GrantMembers, plugins.GrantAct},
		})
	}
	if n == 0 {
		t.Error("there is none")
	}
}
