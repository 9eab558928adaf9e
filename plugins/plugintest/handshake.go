//go:build unix

package plugintest

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"

	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// address is what a handshake line says.
type address struct{ network, path, cert string }

const wantHandshake = "the first line on stdout must be 1|1|unix|PATH OF THE SOCKET|grpc| and nothing may come before it"

func (a address) dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, a.network, a.path)
}

// handshake waits for the handshake line.
func (p *process) handshake() (a address, ok bool) {
	p.x.t.Helper()
	var line string
	select {
	case line = <-p.lines:
	case <-time.After(p.x.timeout):
		p.errorf("it wrote no handshake line to stdout within %v; %s (flush it: stdout is no terminal)%s", p.x.timeout, wantHandshake, p.lastWords())
		return a, false
	}
	if !strings.HasSuffix(line, "\n") {
		select {
		case <-p.exited:
			p.errorf("it ended (%s) before the handshake, stdout has %q; %s%s", p.state(), line, wantHandshake, p.lastWords())
		case <-time.After(settleTime):
			p.errorf("it closed stdout before the handshake, stdout has %q; %s", line, wantHandshake)
		}
		return a, false
	}
	parts := strings.Split(strings.TrimSpace(line), "|")
	if len(parts) < 5 {
		p.errorf("its first line on stdout is %q; %s", line, wantHandshake)
		return a, false
	}
	if len(parts) > 5 {
		a.cert = parts[5]
	}
	a.network, a.path = parts[2], parts[3]
	what := ""
	switch {
	case parts[0] != "1":
		what = fmt.Sprintf("field 1 is %q, and must be 1, the version of go-plugin's own protocol", parts[0])
	case parts[1] != "1":
		what = fmt.Sprintf("field 2 is %q, and must be 1, the version of famchat's contract", parts[1])
	case parts[4] != "grpc":
		what = fmt.Sprintf("field 5 is %q, and must be grpc", parts[4])
	default:
		what = p.checkAddress(a)
	}
	if what != "" {
		p.errorf("its handshake line is %q: %s", strings.TrimSpace(line), what)
		return a, false
	}
	return a, true
}

// checkAddress says what is wrong with where a plugin listens.
func (p *process) checkAddress(a address) string {
	switch a.network {
	case "unix":
		dir, err := filepath.EvalSymlinks(filepath.Dir(a.path))
		if err != nil || dir != p.dir {
			return fmt.Sprintf("the socket %q is not in the folder of the variable PLUGIN_UNIX_SOCKET_DIR; make it there, nobody else can reach it and the daemon clears it away", a.path)
		}
	case "tcp":
		host, _, err := net.SplitHostPort(a.path)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			return fmt.Sprintf("the address %q is not of this machine alone; listen on 127.0.0.1 with a port that is free, or better on a unix socket", a.path)
		}
	default:
		return fmt.Sprintf("field 3 is %q, and must be unix or tcp", a.network)
	}
	return ""
}

// dial connects with the plugin, and reads what it writes through go-plugin.
func (p *process) dial(a address) bool {
	p.x.t.Helper()
	creds := insecure.NewCredentials()
	switch {
	case p.mtls && a.cert == "":
		p.errorf("PLUGIN_CLIENT_CERT is set, but the handshake line has no certificate in field 6%s", p.hintTLS())
		return false
	case p.mtls:
		config, err := clientTLS(a.cert)
		if err != nil {
			p.errorf("field 6 of the handshake line is no certificate (base64 of its DER, without =): %v", err)
			return false
		}
		if takesAnyone(a, config) {
			p.errorf("it takes a connection without the daemon's certificate; demand the one of PLUGIN_CLIENT_CERT, and trust no other")
		}
		creds = credentials.NewTLS(config)
	case a.cert != "":
		p.errorf("the handshake line has %q in field 6, but no certificate was asked for; leave the field empty where PLUGIN_CLIENT_CERT is not set", a.cert)
		return false
	}
	conn, err := grpc.NewClient("passthrough:plugin", grpc.WithTransportCredentials(creds), grpc.WithIdleTimeout(0),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(contract.MaxAnswerBytes)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return a.dial(ctx)
		}))
	if err != nil {
		p.errorf("%v", err)
		return false
	}
	p.conn, p.client = conn, pluginpb.NewPluginClient(conn)
	p.filter = contract.NewFilter(p.client)
	p.reads.Go(p.readStdio)
	return true
}

// readStdio reads what a plugin of Go prints once go-plugin has taken its stdout
// over: unread it would block in the end. Other plugins need not have it.
func (p *process) readStdio() {
	stream, err := p.conn.NewStream(context.Background(), &grpc.StreamDesc{ServerStreams: true}, "/plugin.GRPCStdio/StreamStdio")
	if err != nil || stream.SendMsg(&emptypb.Empty{}) != nil || stream.CloseSend() != nil {
		return
	}
	for {
		// The message is internal to go-plugin; its data is field 2.
		m := new(emptypb.Empty)
		if stream.RecvMsg(m) != nil {
			return
		}
		for b := []byte(m.ProtoReflect().GetUnknown()); len(b) > 0; {
			number, kind, n := protowire.ConsumeTag(b)
			if n < 0 {
				break
			}
			if number == 2 && kind == protowire.BytesType {
				data, _ := protowire.ConsumeBytes(b[n:])
				p.hear(string(data))
			}
			size := protowire.ConsumeFieldValue(number, kind, b[n:])
			if size < 0 {
				break
			}
			b = b[n+size:]
		}
	}
}
