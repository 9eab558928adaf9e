package main

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseListening reads the address from the line with which a server says that
// it listens: the word listening and, after it, addr=HOST:PORT, as slog's text
// handler writes them. ok is false for any other line.
func parseListening(line string) (addr netip.AddrPort, ok bool) {
	listening := false
	for _, field := range strings.Fields(line) {
		if field == "listening" || field == "msg=listening" {
			listening = true
			continue
		}
		value, isAddr := strings.CutPrefix(field, "addr=")
		if !listening || !isAddr {
			continue
		}
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		}
		addr, err := netip.ParseAddrPort(value)
		return addr, err == nil
	}
	return netip.AddrPort{}, false
}
