// Package hooks has the types that a room and its rules exchange: what is asked,
// what is answered, what is told. It knows nothing of either side, so that the
// room, an embedder and the host of plugin processes can all import it.
//
// The rules of a room are an implementation of Hooks; Funcs makes one of plain
// functions. The daemon calls them from goroutines of its own, never from its
// loop, so that they may block.
package hooks

import (
	"context"
	"time"
)

// ID identifies somebody connected for as long as the daemon runs. IDs are
// never reused; 0 is nobody.
type ID uint64

// Member is somebody with a name.
type Member struct {
	ID   ID
	Name string
}

// How long a hook may take, from entering its queue, where Offers does not say.
const (
	DefaultNameTimeout    = 250 * time.Millisecond
	DefaultMessageTimeout = 250 * time.Millisecond
	DefaultCommandTimeout = 5 * time.Second
)

// Hooks are the rules of a room. Their methods are called concurrently with each
// other, but no method concurrently with itself, except RunCommand. The
// context's deadline is that of the last item asked about; an answer after it is
// ignored and the item has failed.
type Hooks interface {
	// Offers says which of the methods below are to be called. It is asked before
	// the daemon accepts anybody, and again by Reconfigure.
	Offers() Offers
	// ValidateNames answers for each name, in order, whether it may be taken:
	// Allow, Reject or Fail.
	ValidateNames(context.Context, []NameRequest) []Verdict
	// FilterMessages answers for each message, in order, what is to be posted.
	FilterMessages(context.Context, []Message) []Verdict
	// RunCommand runs one of Offers' commands.
	RunCommand(context.Context, Call) Result
	// Observe is told what happened, in order. Where it is too slow, events are
	// dropped and counted.
	Observe(context.Context, []Event)
}

// Offers are the hooks that there are.
type Offers struct {
	// Names: ValidateNames is asked about each name of the right form that is free.
	Names bool
	// Public and Private: FilterMessages is asked about messages of that kind.
	Public, Private bool
	// Observes: Observe is told.
	Observes bool
	// Commands are what RunCommand runs.
	Commands []Command
	// How long an answer may take; 0 is the default of each.
	NameTimeout, MessageTimeout, CommandTimeout time.Duration
}

// Command is a /command that RunCommand runs.
type Command struct {
	Name string // without the slash: lower-case letters, digits and -
	Args string // what follows, as help shows it: "name text"
	Help string // what it does, in one line
	// Completions are arguments that a person may want, which help shows.
	Completions []string
}

// NameRequest asks whether somebody may take a name. The room holds the name
// for them until it is answered.
type NameRequest struct {
	Member ID
	Name   string
	Time   time.Time // when it was asked
}

// Kind tells messages apart.
type Kind uint8

// The kinds of messages.
const (
	Public  Kind = iota + 1 // to everyone
	Private                 // to one person
)

// Message is what somebody is about to post, or has posted.
type Message struct {
	ID   uint64 // counts up from 1
	Kind Kind
	From Member
	To   Member // of a private message
	Text string // safe text; lines are separated by \n
	// Action says that Text is what From does ("waves"), as /me has it.
	Action bool
	// Command is the name of the command that caused the message, or empty.
	Command string
	Time    time.Time // when it was asked about
}

// Action is what a verdict says. The zero value is no answer, which is a
// failure.
type Action uint8

// The actions.
const (
	Allowed  Action = iota + 1 // as it is
	Replaced                   // with Verdict.Text in place of the text
	Rejected                   // not posted; the author reads Verdict.Text
	Dropped                    // not posted, and nothing said
	Failed                     // the rule itself failed; the author reads Verdict.Text
)

// Verdict is the answer about a name or a message.
type Verdict struct {
	Action Action
	Text   string
}

// Allow lets a name or a message pass as it is.
func Allow() Verdict { return Verdict{Action: Allowed} }

// Replace posts text in place of what was written.
func Replace(text string) Verdict { return Verdict{Action: Replaced, Text: text} }

// Reject refuses a name or a message; its author reads the reason.
func Reject(reason string) Verdict { return Verdict{Action: Rejected, Text: reason} }

// Drop loses a message without a word.
func Drop() Verdict { return Verdict{Action: Dropped} }

// Fail says that the rule could not decide. A name is then refused for the
// moment, and a message handed back to its author.
func Fail(reason string) Verdict { return Verdict{Action: Failed, Text: reason} }

// Call is a command that somebody typed.
type Call struct {
	Caller  Member
	Command string // the name, without the slash
	Args    string // safe text, without surrounding white space
	// LastPrivate is who last wrote to the caller in private; its ID is 0 where
	// nobody did or they have left.
	LastPrivate Member
	// Members are all who are here, sorted by name.
	Members []Member
	Time    time.Time
}

// Result is what a command came to.
type Result struct {
	// Reply is for the caller alone; it may be empty.
	Reply string
	// Effects are done in order, after Reply.
	Effects []Effect
	// Failed says that the command failed: a sentence, which the caller reads.
	// Nothing else is done.
	Failed string
}

// EffectKind tells effects apart.
type EffectKind uint8

// What a command can do.
const (
	Say     EffectKind = iota + 1 // post Text in public as the caller; it passes the filters
	Act                           // post Text as what the caller does; it passes the filters
	Whisper                       // write Text to To in private as the caller; it passes the filters
	Tell                          // tell To something in the daemon's name
	TellAll                       // tell everyone something in the daemon's name
)

// Effect is one thing that a command does.
type Effect struct {
	Kind EffectKind
	To   ID // of Whisper and Tell
	Text string
}

// EventKind tells events apart.
type EventKind uint8

// What can happen.
const (
	Joined EventKind = iota + 1
	Left
	Posted
)

// Event is something that happened in the room.
type Event struct {
	Kind    EventKind
	Member  Member  // who joined or left
	Reason  string  // why they left
	Why     string  // what the admin who removed them said of it, or empty
	Message Message // what was posted
	Time    time.Time
}
