// Package transcript holds what is still to be sent: one shared log of frames,
// and for each reader a cursor into it. It knows nothing of what the frames say,
// nor of sockets.
//
// What everyone reads is appended to one ring of bytes, once. A reader's queue is
// the distance between its cursor and the end of the log. What is a reader's own
// is a splice: at this offset of the log, skip so many bytes and put these in
// their place. To send is one write of everything between the cursor and the
// end, however many frames that is; a reader that has read everything holds no
// buffer.
//
// The caller's duties:
//
//  1. Every append is whole frames: an 8-byte big-endian length and that many
//     bytes, at most MaxFrame in all.
//  2. Before a cursor's Age is more than the ring's length less SpareBytes, the
//     cursor is dropped: half a frame is completed from its beginning. Log.Bytes
//     is the ring's length; what a reader may be behind is the caller's limit.
//  3. Cursors belong to one log, and are used from one goroutine.
package transcript

import (
	"encoding/binary"
	"math/bits"

	"famchat/protocol"
)

// blockBytes is how far apart the log remembers where a frame begins. No frame is
// longer than two blocks, so one begins in every second block at least.
const blockBytes = 4096

// SpareBytes is how much of the ring before what a cursor has still to read must
// not be overwritten: a frame that it has sent in part, and the frames of the
// block that the search for its beginning starts in.
const SpareBytes = 3 * blockBytes

// Log is the shared log. Offsets into it count from its making and never wrap.
type Log struct {
	ring   []byte // its length is a power of two
	end    uint64
	starts []uint64 // by block of the ring: where its first frame begins

	ownBytes  int64    // of all cursors together
	free      []*queue // queues that no cursor needs now
	freeBytes int      // how large their buffers are
}

// New makes a log that keeps the last ringBytes bytes, rounded up to a power of
// two and to at least eight blocks.
func New(ringBytes int64) *Log {
	n := uint64(max(ringBytes, 8*blockBytes))
	n = 1 << bits.Len64(n-1)
	return &Log{ring: make([]byte, n), starts: make([]uint64, n/blockBytes)}
}

// Bytes is the length of the ring.
func (l *Log) Bytes() int64 { return int64(len(l.ring)) }

// End is the offset at which the next append begins.
func (l *Log) End() uint64 { return l.end }

// OwnBytes is how many bytes all cursors together hold of their own.
func (l *Log) OwnBytes() int64 { return l.ownBytes }

// Append appends frames, which every attached cursor will read.
func (l *Log) Append(frames []byte) {
	for rest, at := frames, l.end; len(rest) > 0; {
		n := frameBytes(rest)
		if i := l.block(at); l.starts[i]/blockBytes != at/blockBytes {
			l.starts[i] = at
		}
		rest, at = rest[n:], at+uint64(n)
	}
	for len(frames) > 0 {
		n := copy(l.ring[l.end&l.mask():], frames)
		frames = frames[n:]
		l.end += uint64(n)
	}
}

// frameStart returns where the frame that holds offset at begins.
func (l *Log) frameStart(at uint64) uint64 {
	from := l.starts[l.block(at)]
	for block := at; from > at || from/blockBytes != block/blockBytes; from = l.starts[l.block(block)] {
		if block -= blockBytes; at-block > 2*blockBytes {
			panic("transcript: a cursor was left behind the ring")
		}
	}
	for {
		next := from + protocol.HeaderBytes + l.uint64At(from)
		if next > at {
			return from
		}
		from = next
	}
}

// uint64At reads a header, which may lie around the end of the ring.
func (l *Log) uint64At(at uint64) uint64 {
	var header [protocol.HeaderBytes]byte
	n := copy(header[:], l.ring[at&l.mask():])
	copy(header[n:], l.ring)
	return binary.BigEndian.Uint64(header[:])
}

// segments appends the bytes from one offset to another to iov: one slice, or
// two where they lie around the end of the ring.
func (l *Log) segments(iov [][]byte, from, to uint64) [][]byte {
	if from == to {
		return iov
	}
	i, j := from&l.mask(), (to-1)&l.mask()+1
	if i < j {
		return append(iov, l.ring[i:j])
	}
	return append(iov, l.ring[i:], l.ring[:j])
}

func (l *Log) mask() uint64           { return uint64(len(l.ring)) - 1 }
func (l *Log) block(at uint64) uint64 { return at & l.mask() / blockBytes }

// frameBytes is the length of the frame that b begins with.
func frameBytes(b []byte) int {
	return protocol.HeaderBytes + int(binary.BigEndian.Uint64(b))
}
