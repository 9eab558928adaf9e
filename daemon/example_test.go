package daemon_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"strings"

	"famchat/daemon"
	"famchat/daemon/hooks"
	"famchat/protocol"
)

// A server with a rule of its own, and a client that says hello.
func Example() {
	config := daemon.DefaultConfig()
	config.Listen = []string{"127.0.0.1:0"} // a free port
	config.Hooks = hooks.Funcs{
		FilterMessage: func(_ context.Context, m hooks.Message) hooks.Verdict {
			return hooks.Replace(strings.ReplaceAll(m.Text, "hell", "h***"))
		},
	}
	server, err := daemon.New(config)
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- server.Serve(context.Background()) }()

	conn, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	w, r := protocol.NewWriter(conn), protocol.NewReader(conn)
	for _, s := range []string{"anna", "hello", ""} { // a name, a message, goodbye
		if err := w.WriteString(s); err != nil {
			log.Fatal(err)
		}
	}
	for {
		s, err := r.ReadString() // io.EOF when the server has said goodbye, too
		if err != nil {
			break
		}
		if _, text, found := strings.Cut(string(s), "you\x1b[0m: "); found {
			fmt.Println("anna said", strings.TrimSuffix(text, "\n> "))
		}
	}

	conn.Close()
	if err := server.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("served:", <-served)
	// Output:
	// anna said h***o
	// served: <nil>
}
