package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"famchat/protocol"
)

const (
	// messageBytes is the length of what a member types.
	messageBytes = 100
	// mark begins a message; two numbers of fixed width and markEnd follow.
	mark        = "bench a="
	authorWidth = 5
	seqWidth    = 10
	markBytes   = len(mark) + authorWidth + len(" s=") + seqWidth + len(";")
	// filler makes a message as long as it has to be. It holds no member's name,
	// which would be a mention.
	filler = " the quick brown fox jumps over the lazy dog, again and again,"
)

var errNoMark = errors.New("no message of the benchmark in it")

// appendText appends message seq of author, a text of length bytes, all of it
// printable ASCII. length is at least markBytes.
func appendText(dst []byte, author, seq, length int) []byte {
	start := len(dst)
	dst = fmt.Appendf(dst, "%s%0*d s=%0*d;", mark, authorWidth, author, seqWidth, seq)
	for len(dst)-start < length {
		rest := length - (len(dst) - start)
		dst = append(dst, filler[:min(rest, len(filler))]...)
	}
	return dst
}

// parseText finds the message in what a server sent. drawn is whatever was drawn
// around it too.
func parseText(drawn []byte) (author, seq int, err error) {
	at := bytes.Index(drawn, []byte(mark))
	if at < 0 || len(drawn) < at+markBytes {
		return 0, 0, errNoMark
	}
	b := drawn[at+len(mark):]
	author, err1 := strconv.Atoi(string(b[:authorWidth]))
	b = b[authorWidth+len(" s="):]
	seq, err2 := strconv.Atoi(string(b[:seqWidth]))
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("reading a message's mark: %w", err)
	}
	return author, seq, nil
}

// format is how long the frames of a server are, in bytes with their headers.
type format struct {
	sent     int // a message on its way to the server
	delivery int // the same on its way to another member
	echo     int // the same on its way to its author
}

// round returns the bytes that one message brings to all of n members.
func (f format) round(n int) int {
	return (n-1)*f.delivery + f.echo
}

// appendMessage appends message seq of author as a frame of f.sent bytes.
func (f format) appendMessage(dst []byte, author, seq int) []byte {
	start := len(dst)
	dst = protocol.BeginFrame(dst)
	dst = appendText(dst, author, seq, f.sent-protocol.HeaderBytes)
	protocol.EndFrame(dst, start)
	return dst
}

// daemonFormat is what is known of the daemon's frames before it was asked.
func daemonFormat() format {
	return format{sent: protocol.HeaderBytes + messageBytes}
}

// floorFormat is what the floor is sent: frames as long as the daemon delivers,
// and it hands them on as they are.
func floorFormat(delivery int) format {
	return format{sent: delivery, delivery: delivery, echo: delivery}
}
