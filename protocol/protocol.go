// Package protocol is the wire of famchat: strings, each an 8-byte big-endian
// length of at most 4096 and then that many bytes, in both directions and with
// nothing else. It knows nothing of chat: what a string means depends on the
// state that its reader holds.
//
// Cut, BeginFrame and EndFrame are the codec, pure and without I/O. Reader and
// Writer put it on blocking streams, for clients and tools.
package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	// HeaderBytes is the length of the header of a frame.
	HeaderBytes = 8
	// MaxString is the length in bytes of the longest string.
	MaxString = 4096
	// MaxFrame is the length in bytes of the longest frame: a header and a
	// string.
	MaxFrame = HeaderBytes + MaxString
)

// ErrTooLong says that a string is longer than MaxString, or that a header
// announces such a one. A stream cannot be read on after it.
var ErrTooLong = errors.New("a string is longer than 4096 bytes")

// Cut cuts the first string off b, a stream of frames. It returns the string,
// which shares b's memory, and what follows it. Where b holds no whole frame
// yet, ok is false and rest is b. The error is ErrTooLong, known from the header
// alone; nothing is ever allocated.
func Cut(b []byte) (s, rest []byte, ok bool, err error) {
	if len(b) < HeaderBytes {
		return nil, b, false, nil
	}
	// Compared before it is converted: 2^63 is no negative length.
	n := binary.BigEndian.Uint64(b)
	if n > MaxString {
		return nil, b, false, ErrTooLong
	}
	end := HeaderBytes + int(n)
	if len(b) < end {
		return nil, b, false, nil
	}
	return b[HeaderBytes:end:end], b[end:], true, nil
}

// AppendFrame appends s to dst as a frame. Where s is longer than MaxString it
// returns dst unchanged and ErrTooLong.
func AppendFrame[S ~string | ~[]byte](dst []byte, s S) ([]byte, error) {
	if len(s) > MaxString {
		return dst, ErrTooLong
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(len(s)))
	return append(dst, s...), nil
}

// BeginFrame appends a header to be filled in by EndFrame: what is appended
// between the two is the string, drawn in place.
func BeginFrame(dst []byte) []byte {
	return append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
}

// EndFrame ends the frame that BeginFrame began when dst was start bytes long.
// The string MUST be no longer than MaxString; EndFrame panics where it is.
func EndFrame(dst []byte, start int) {
	n := len(dst) - start - HeaderBytes
	if n < 0 || n > MaxString {
		panic(fmt.Sprintf("protocol: a frame of %d bytes was drawn", n))
	}
	binary.BigEndian.PutUint64(dst[start:], uint64(n))
}
