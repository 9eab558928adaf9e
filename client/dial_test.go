package client

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseAddr(t *testing.T) {
	for _, test := range []struct{ addr, want string }{
		{"127.0.0.1:32624", "tcp 127.0.0.1:32624"},
		{"127.0.0.1", "tcp 127.0.0.1:32624"},
		{"localhost", "tcp localhost:32624"},
		{"kitchen.local:99", "tcp kitchen.local:99"},
		{"kitchen:", "tcp kitchen:32624"},
		{":99", "tcp localhost:99"},
		{"::1", "tcp [::1]:32624"},
		{"[::1]", "tcp [::1]:32624"},
		{"[::1]:99", "tcp [::1]:99"},
		{"fe80::1%eth0", "tcp [fe80::1%eth0]:32624"},
		{"unix:/run/famchat.sock", "unix /run/famchat.sock"},
		{"unix:famchat.sock", "unix famchat.sock"},
		{"", ""}, {":", ""}, {"unix:", ""}, {"host:port", ""}, {"host:0", ""}, {"host:65536", ""}, {"a:b:c", ""}, {"http://host", ""}, {"a host", ""}, {"[::1", ""},
	} {
		network, address, err := parseAddr(test.addr)
		if test.want == "" {
			if !errors.Is(err, ErrBadAddr) {
				t.Errorf("parseAddr(%q): got %s %s, %v; want ErrBadAddr", test.addr, network, address, err)
			}
			continue
		}
		if got := network + " " + address; got != test.want || err != nil {
			t.Errorf("parseAddr(%q): got %s, %v; want %s", test.addr, got, err, test.want)
		}
	}
}

func TestDial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for _, network := range []struct{ name, addr, prefix string }{{"tcp", "127.0.0.1:0", ""}, {"unix", path, "unix:"}} {
		l, err := net.Listen(network.name, network.addr)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := Dial(t.Context(), network.prefix+l.Addr().String())
		if err != nil {
			t.Errorf("%s: %v", network.name, err)
		} else {
			conn.Close()
		}
		addr := network.prefix + l.Addr().String()
		l.Close()
		_, err = Dial(t.Context(), addr)
		want := "nobody listens on " + l.Addr().String() + "; start a server there with famchatd, or give the address of one"
		if err == nil || err.Error() != want {
			t.Errorf("%s: nobody there: got %v, want %s", network.name, err, want)
		}
	}
	if _, err := Dial(t.Context(), "unix:"); !errors.Is(err, ErrBadAddr) {
		t.Errorf("a bad address: got %v", err)
	}
}

func TestExplain(t *testing.T) {
	for want, err := range map[string]error{
		`no host is called "kitchn"`: &net.DNSError{Name: "kitchn", Err: "no such host", IsNotFound: true},
		"you may not connect to x":   os.ErrPermission,
		"connecting to x":            os.ErrDeadlineExceeded,
	} {
		got := explain("x", err)
		if !strings.HasPrefix(got.Error(), want) || !errors.Is(got, err) {
			t.Errorf("got %q, want %q and %v wrapped", got, want, err)
		}
	}
}
