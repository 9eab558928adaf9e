package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// DefaultPort is F-A-M-C-H on a telephone.
	DefaultPort = "32624"
	// DefaultAddr is where a server listens if it was not told otherwise.
	DefaultAddr = "127.0.0.1:" + DefaultPort

	unixPrefix  = "unix:"
	dialTimeout = 10 * time.Second
)

// ErrBadAddr says that an address is none.
var ErrBadAddr = errors.New("not an address; an address is HOST, HOST:PORT or unix:PATH")

// Dial connects to the server at addr: HOST:PORT, a host or an IP address alone
// with DefaultPort, or unix:PATH. Its errors say what to do.
func Dial(ctx context.Context, addr string) (net.Conn, error) {
	network, address, err := parseAddr(addr)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, explain(address, err)
	}
	return conn, nil
}

// parseAddr returns the network and the address that addr is for the net package.
func parseAddr(addr string) (network, address string, err error) {
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		if path == "" {
			return "", "", fmt.Errorf("%q: %w", addr, ErrBadAddr)
		}
		return "unix", path, nil
	}
	host, port := splitHostPort(addr)
	n, err := strconv.ParseUint(port, 10, 16)
	if host == "" || n == 0 || err != nil || strings.ContainsAny(host, "[]/ ") {
		return "", "", fmt.Errorf("%q: %w", addr, ErrBadAddr)
	}
	return "tcp", net.JoinHostPort(host, port), nil
}

// splitHostPort splits an address that may have no port or be an IPv6 address
// without its brackets.
func splitHostPort(addr string) (host, port string) {
	bare := addr
	if strings.HasPrefix(addr, "[") && strings.HasSuffix(addr, "]") {
		bare = addr[1 : len(addr)-1]
	}
	if ip, err := netip.ParseAddr(bare); err == nil {
		return ip.String(), DefaultPort
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil && strings.Contains(addr, ":") {
		return "", ""
	}
	if err != nil {
		return addr, DefaultPort
	}
	if host == "" && port != "" {
		host = "localhost"
	}
	if port == "" {
		port = DefaultPort
	}
	return host, port
}

// explain says what the person at the keyboard can do about err, which says nothing
// that they need besides where its kind is known.
func explain(address string, err error) error {
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT):
		return &advice{fmt.Sprintf("nobody listens on %s; start a server there with famchatd, or give the address of one", address), err}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &advice{fmt.Sprintf("no host is called %q; check the address", dns.Name), err}
	case errors.Is(err, os.ErrPermission):
		return &advice{fmt.Sprintf("you may not connect to %s; ask whoever runs the server", address), err}
	}
	return fmt.Errorf("connecting to %s; is it the right address, and is the network there? %w", address, err)
}

// advice is an error in the words of what to do about it.
type advice struct {
	words string
	err   error
}

func (a *advice) Error() string { return a.words }
func (a *advice) Unwrap() error { return a.err }
