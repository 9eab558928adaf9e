package examples_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"famchat/plugins"
	"famchat/plugins/pluginpb"
	"famchat/plugins/plugintest"
)

const pythonPlugin = "python-plugin/famchat-plugin-shout"

// python runs Python as the plugin finds it, without an environment. Without
// gRPC for it the test is skipped, but for CI, which must have it.
func python(t *testing.T, program string) []byte {
	t.Helper()
	run := func(program string) ([]byte, error) {
		cmd := exec.Command("/usr/bin/env", "python3", "-c", program)
		cmd.Env = []string{"PYTHONDONTWRITEBYTECODE=1"}
		return cmd.CombinedOutput()
	}
	if out, err := run("import grpc, google.protobuf"); err != nil {
		const todo = "this test needs Python with gRPC: apt-get update && apt-get install -y python3-grpcio python3-protobuf"
		if os.Getenv("FAMCHAT_CI") != "" {
			t.Fatalf("%s (%v: %s)", todo, err, out)
		}
		t.Skipf("SKIPPED: %s (%v: %s)", todo, err, out)
	}
	out, err := run(program)
	if err != nil {
		t.Fatalf("python3: %v: %s", err, out)
	}
	return out
}

func TestPythonPlugin(t *testing.T) {
	python(t, "")
	for _, c := range []plugintest.ExecConfig{
		{NoMTLS: true},
		{NoMTLS: true, Config: map[string]any{"reject": true, "letters": 2}, Grants: []plugins.Grant{plugins.GrantSay}},
	} {
		plugintest.Exec(t, pythonPlugin, c)
	}
}

// What the plugin makes of texts and configs, without gRPC.
func TestPythonPluginsAnswers(t *testing.T) {
	path, err := filepath.Abs(pythonPlugin)
	if err != nil {
		t.Fatal(err)
	}
	out := python(t, `
import importlib.machinery
m = importlib.machinery.SourceFileLoader("plugin", "`+path+`").load_module()
def say(*what): print(*what)
def ask(text, **config):
    action, answer = m.Shout(config).filter(m.pb.Message(text=text))
    say(m.pb.Action.Name(action)[7:], answer)
ask("Hello ANNA")
ask("WOW")
ask("WHO ATE MY CAKE?!")
ask("ÄÖÜ ÉÈÊ")
ask("WHO ATE MY CAKE?!", reject=True)
ask("OK", letters=2)
ask("I\u0307" + "\u0130" * 2047)
say(m.Shout({}).shout("hello").effects[0].text)
say(m.Shout({}).shout("").failed)
for c in {"lettres": 1}, {"letters": 0}, {"letters": True}, {"reject": "yes"}:
    try: say("takes", m.Shout(c))
    except m.BadConfig as e: say(e)
`)
	const want = `ALLOW 
ALLOW 
REPLACE who ate my cake?!
REPLACE äöü éèê
REJECT Please do not shout; /shout does it for you.
REPLACE ok
REJECT Please do not shout; /shout does it for you.
HELLO
Say what: /shout text
config: unknown key "lettres"; there are letters, reject
config: letters: expected a whole number from 1
config: letters: expected a whole number from 1
config: reject: expected true or false
`
	var got strings.Builder
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "{") { // not its log
			got.WriteString(line)
		}
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &got, want)
	}
}

// What a plugin must say that is started in the wrong way.
func TestPythonPluginStartedWrongly(t *testing.T) {
	python(t, "")
	for want, env := range map[string][]string{
		"famchatd starts it": nil,
		"needs mtls: false":  {"FAMCHAT_PLUGIN=a family's own rules", "PLUGIN_CLIENT_CERT=x"},
	} {
		cmd := exec.Command(pythonPlugin)
		cmd.Env = append([]string{}, env...) // not nil, which is our own
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err == nil || stdout.Len() > 0 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%v, stdout %q, stderr %q; want an error, and %q on stderr", err, &stdout, &stderr, want)
		}
	}
}

// The Python messages are those of plugin.proto.
func TestPythonMessagesAreCurrent(t *testing.T) {
	folder, err := filepath.Abs("python-plugin")
	if err != nil {
		t.Fatal(err)
	}
	data := python(t, "import sys; sys.path.insert(0, '"+folder+"'); import plugin_pb2; sys.stdout.buffer.write(plugin_pb2.DESCRIPTOR.serialized_pb)")
	got := new(descriptorpb.FileDescriptorProto)
	if err := proto.Unmarshal(data, got); err != nil {
		t.Fatal(err)
	}
	want := protodesc.ToFileDescriptorProto(pluginpb.File_plugin_proto)
	for _, d := range []*descriptorpb.FileDescriptorProto{got, want} {
		forgetJSONNames(d.MessageType)
	}
	if !proto.Equal(got, want) {
		t.Error("plugin_pb2.py is not what plugin.proto says: python-plugin/README.md says how to make it again")
	}
}

// forgetJSONNames takes out what one compiler writes and the other leaves out.
func forgetJSONNames(messages []*descriptorpb.DescriptorProto) {
	for _, m := range messages {
		for _, f := range m.Field {
			f.JsonName = nil
		}
		forgetJSONNames(m.NestedType)
	}
}
