package screen

import (
	"bytes"

	"famchat/protocol"
)

// AppendUpdates appends lines, each ended by a line break, as framed updates
// that end in prompt: one or, where they do not fit, several, cut between lines,
// each complete in itself. Where ring is set a bell stands before the last
// prompt. No lines are an update too: the prompt anew.
func AppendUpdates(dst, lines []byte, prompt string, ring bool) []byte {
	for {
		room := protocol.MaxString - len(clearLine) - len(prompt) - len(bell)
		now := lines
		if len(lines) > room {
			now = lines[:bytes.LastIndexByte(lines[:room], '\n')+1]
		}
		lines = lines[len(now):]
		start := len(dst)
		dst = append(protocol.BeginFrame(dst), clearLine...)
		dst = append(dst, now...)
		if ring && len(lines) == 0 {
			dst = append(dst, bell...)
		}
		dst = append(dst, prompt...)
		protocol.EndFrame(dst, start)
		if len(lines) == 0 {
			return dst
		}
	}
}
