package room

import "famchat/daemon/hooks"

// EventKind tells events apart.
type EventKind uint8

// What can happen to a room.
const (
	Opened    EventKind = iota + 1 // Member has connected
	Received                       // Member has sent Text; it is valid during Step only
	Drained                        // nothing that Member has sent waits to be handed over
	Gone                           // Member's connection has ended, for Reason
	Cut                            // Member's connection is to be closed, for Reason
	Answered                       // Request has been answered, by Verdict or Result
	Tick                           // time has passed
	TurnEnd                        // what was drawn is to come out
	Kick                           // Member is to be removed; Text says why, or is empty; Sanction, where it stays out
	Ban                            // Sanction keeps a name or an address out
	Unban                          // Sanction's name or address may come again
	Mute                           // what comes of Sanction's name is to be handed back
	Unmute                         // and is to be posted again
	Announce                       // everyone is to read Text
	Tell                           // Member is to read Text, in the room's own name
	CountDown                      // the room is to close at Nanos; 0: it is not
	Shutdown                       // the room closes
	Configure                      // Config replaces the settings
)

// Event is what has happened. Which fields count depends on Kind.
type Event struct {
	Kind    EventKind
	Member  ID
	Text    []byte
	Reason  Reason
	Request uint64
	Verdict hooks.Verdict
	Result  *hooks.Result
	Config  *Config
	// Address is where who has Opened is from; it may be empty where BansAddresses
	// says no.
	Address  string
	Sanction *Sanction
	Nanos    int64
}

// EffectKind tells effects apart.
type EffectKind uint8

// What a room wants done.
const (
	// ToAll: append Frames for everyone who is attached.
	ToAll EffectKind = iota + 1
	// ToOne: Frames are for Member alone, in place of the next Skip bytes that
	// ToAll appends (0: in place of nothing).
	ToOne
	// Attach: Member reads what is appended from now on.
	Attach
	// Close: Member reads Frames as its last, and the connection is closed for
	// Reason.
	Close
	// Hold: nothing more of Member is to be handed over.
	Hold
	// Resume: what Member sends is handed over again.
	Resume
	// AskName, AskMessage, AskCommand: a hook is asked; Request is to be
	// answered by Answered.
	AskName
	AskMessage
	AskCommand
	// Happened: Event is to be told to who observes the room.
	Happened
	// CountedDown: a countdown is over; Shutdown is wanted.
	CountedDown
)

// Effect is what is to be done. Which fields count depends on Kind.
type Effect struct {
	Kind    EffectKind
	Reason  Reason
	Member  ID
	Frames  []byte
	Skip    int
	Waits   bool // ToAll: it may be read a little later, with what comes next
	Request uint64
	Name    hooks.NameRequest
	Message *hooks.Message
	Call    *hooks.Call
	Event   *hooks.Event

	from, to         int // of Frames in the stage, until it comes out
	lineFrom, lineTo int // of a line for the history, likewise
}

// Reason says how a connection ended.
type Reason uint8

// The reasons.
const (
	Left        Reason = iota + 1 // said goodbye
	Lost                          // ended without a goodbye
	Failed                        // was reset, or broke
	Removed                       // was kicked
	Closed                        // the room closed
	NameTimeout                   // found no name in time
	NamesTried                    // had too many names refused
	Timeout                       // began a string and did not finish it
	Flood                         // sent faster than the rate for too long
	SlowReader                    // was behind by more than the backlog
	Lagging                       // was behind by half of it for too long
	OwnBacklog                    // had too much of its own to read
	OwnTotal                      // had the most of its own when all had too much
	TooLong                       // announced a string longer than the wire allows
	RoomFull                      // came when the room was full
	Banned                        // came from an address that is kept out
	reasons
)

var reasonNames = [reasons]string{
	Left: "left", Lost: "lost", Failed: "failed", Removed: "removed", Closed: "closed",
	NameTimeout: "name_timeout", NamesTried: "names_tried", Timeout: "frame_timeout", Flood: "flood_timeout",
	SlowReader: "backlog", Lagging: "lagging", OwnBacklog: "own_backlog", OwnTotal: "own_total",
	TooLong: "too_long", RoomFull: "clients", Banned: "banned",
}

// String is the word by which logs and counters know the reason: where it is a
// limit, that limit's name.
func (r Reason) String() string {
	if r == 0 || r >= reasons {
		return "unknown"
	}
	return reasonNames[r]
}

// lastWords is what the one who is cut off reads: what happened and what to do.
var lastWords = [reasons]string{
	NameTimeout: "you chose no name in time. Connect again when you have one",
	NamesTried:  "too many names were refused. Connect again to go on trying",
	Timeout:     "a message began and never ended; you are disconnected. Connect again",
	Flood:       "you sent too much for too long without a pause; you are disconnected. Connect again and send less",
	SlowReader:  "you read too slowly, too much is waiting for you; you are disconnected. Connect again to go on",
	Lagging:     "you were too far behind for too long; you are disconnected. Connect again to go on",
	OwnBacklog:  "too much that is only for you is waiting; you are disconnected. Connect again to go on",
	OwnTotal:    "too much is waiting for too many, most of it for you; you are disconnected. Connect again to go on",
	TooLong:     "a message is longer than 4096 bytes; you are disconnected. Send it in pieces",
}
