package plugins_test

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"famchat/plugins"
	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// served is a plugin as the daemon calls it.
func served(t *testing.T, hooks *plugins.Hooks) pluginpb.PluginClient {
	t.Helper()
	server := grpc.NewServer()
	pluginpb.RegisterPluginServer(server, plugins.Service("test", "0", slog.New(slog.DiscardHandler),
		func(*plugins.Host, struct{}) (*plugins.Hooks, error) { return hooks, nil }))
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); server.Stop() })
	client := pluginpb.NewPluginClient(conn)
	if _, err := client.Init(t.Context(), &pluginpb.InitRequest{}); err != nil {
		t.Fatal(err)
	}
	return client
}

// A batch that the daemon has given up may still be under way when the next comes;
// a hook sees one message after the other all the same, and its context says that
// nobody waits for it any more.
func TestAHookSeesOneMessageAfterTheOther(t *testing.T) {
	var running, most atomic.Int32
	release := make(chan struct{})
	filter := contract.NewFilter(served(t, &plugins.Hooks{FilterMessage: func(ctx context.Context, m plugins.Message) plugins.Verdict {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		if m.Text == "slow" {
			<-ctx.Done()
			<-release
		}
		return plugins.Replace(m.Text + "!")
	}}))
	late, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := filter.Ask(late, []*pluginpb.Message{{Id: 1, Text: "slow"}, {Id: 2, Text: "never"}}); status.Code(err) != codes.DeadlineExceeded {
		t.Fatalf("the late batch: got %v", err)
	}
	time.AfterFunc(50*time.Millisecond, func() { close(release) })
	got, err := filter.Ask(t.Context(), []*pluginpb.Message{{Id: 3, Text: "next"}})
	if err != nil || len(got) != 1 || got[0].Id != 3 || got[0].Text != "next!" {
		t.Errorf("the next batch: got %v, %v", got, err)
	}
	if most.Load() != 1 {
		t.Errorf("the hook saw %d messages at once", most.Load())
	}
}
