// Package plugins is what a famchat plugin is made of. A plugin is a program of
// its own that the daemon starts: its main calls Serve with a function that makes
// its hooks. docs/plugins.md begins with a whole one, which has some twenty.
//
// A plugin knows what it is asked and nothing else of the daemon. What it answers
// is checked like a stranger's input.
package plugins

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Hooks are what a plugin does. A nil function is a hook that it does not have.
//
// ValidateName, FilterMessage and Observe are each called for one item after the
// other, but may run beside each other; commands run beside everything. A context
// ends when the answer would come too late. A function that panics has failed for
// that one item, and the plugin goes on.
type Hooks struct {
	// ValidateName says whether a name may be taken: Allow or Reject. The daemon
	// has seen to it that it is a name and free.
	ValidateName func(context.Context, Name) Verdict
	// FilterMessage says what becomes of a message that is about to be posted:
	// Allow, Replace, Reject or Drop.
	FilterMessage func(context.Context, Message) Verdict
	// Observe is told what happened, in order. Where it is too slow, events are
	// dropped.
	Observe func(context.Context, Event)
	// Commands are the /commands that the plugin offers.
	Commands []Command
	// Kinds are the kinds of messages that FilterMessage and Observe want; nil is
	// both. /about tells everyone which.
	Kinds []Kind
}

// Command is a /command.
type Command struct {
	Name string // without the slash: a-z, 0-9 and -
	Args string // what follows, as help shows it: "name text"
	Help string // what it does, in one line
	// Completions are arguments that a person may want, which /help NAME shows.
	Completions []string
	// Run runs the command. It has the time that its context has, five seconds
	// by default; only the caller waits for it.
	Run func(context.Context, Call) Result
}

// Host is the daemon, for a plugin.
type Host struct {
	// Log is the daemon's log; records carry the plugin's name. It must not be
	// given what people write to each other.
	Log *slog.Logger
	// Version is the daemon's version.
	Version string

	grants map[Grant]bool
}

// Granted reports whether the plugin may do something beyond answering.
func (h *Host) Granted(g Grant) bool { return h.grants[g] }

// Grant is something that a plugin may do beyond answering, if grants: in
// famchat.yaml says so.
type Grant string

// What can be granted.
const (
	GrantMembers Grant = "members" // be told who is here
	GrantSay     Grant = "say"     // Say and Act
	GrantAct     Grant = "act"     // Act alone
	GrantPrivate Grant = "private" // Private
	GrantTell    Grant = "tell"    // Tell and TellAll
)

// ID identifies somebody who is here. IDs are never used again; 0 is nobody.
type ID uint64

// Member is somebody with a name.
type Member struct {
	ID   ID
	Name string
}

// String is the name.
func (m Member) String() string { return m.Name }

// LogValue is the name, for the log.
func (m Member) LogValue() slog.Value { return slog.StringValue(m.Name) }

// Name is a name that somebody wants.
type Name struct {
	Member ID
	Name   string // in NFC, as it will be shown
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
	ID   uint64
	Kind Kind
	From Member
	To   Member // of a private message
	Text string // safe text; lines are separated by \n
	// Action says that Text is what From does ("waves"), as /me has it.
	Action bool
	Time   time.Time
}

type action uint8

const (
	unspecified action = iota // a failure
	allowed
	replaced
	rejected
	dropped
)

// Verdict is the answer about a name or a message. Allow, Replace, Reject and Drop
// make one; the zero value is a failure.
type Verdict struct {
	action action
	text   string
}

// Allow lets a name or a message pass as it is.
func Allow() Verdict { return Verdict{action: allowed} }

// Replace posts text in place of what was written. The author sees it too.
func Replace(text string) Verdict { return Verdict{replaced, text} }

// Reject refuses a name or a message. The person reads the reason, a sentence, and
// has the message handed back.
func Reject(reason string) Verdict { return Verdict{rejected, reason} }

// Drop loses a message without a word.
func Drop() Verdict { return Verdict{action: dropped} }

// String is the verdict as --try shows it.
func (v Verdict) String() string {
	switch v.action {
	case allowed:
		return "allow"
	case replaced:
		return "replace: " + v.text
	case rejected:
		return "reject: " + v.text
	case dropped:
		return "drop"
	}
	return "no verdict, which is a failure"
}

// Call is a command that somebody typed.
type Call struct {
	Caller  Member
	Command string // without the slash
	Args    string // safe text, without white space around it
	// LastPrivate is who last wrote to the caller in private; its ID is 0 where
	// nobody did or they have left.
	LastPrivate Member
	// Members are all who are here, sorted by name. They need GrantMembers.
	Members []Member
	Time    time.Time
	About   About
}

// About is what there is to know of the daemon.
type About struct {
	Version string
	Started time.Time
	Plugins []Info
}

// Info is what everyone may know of a plugin.
type Info struct {
	Name, Version string
	// SeesPublic and SeesPrivate say which messages it is shown before they are
	// posted, Observes that it is told of what was posted.
	SeesPublic, SeesPrivate, Observes bool
}

// Result is what a command came to.
type Result struct {
	// Reply is for the caller alone; it may have several lines, or be empty.
	Reply string
	// Effects are done in order, after the reply.
	Effects []Effect
	// Failed says that the command failed, and why. The caller reads it, and
	// nothing else is done.
	Failed string
}

// Reply is a Result that only answers the caller.
func Reply(text string) Result { return Result{Reply: text} }

// Fail is a Result that says why a command failed.
func Fail(why string) Result { return Result{Failed: why} }

// Do is a Result of effects.
func Do(effects ...Effect) Result { return Result{Effects: effects} }

type effectKind uint8

const (
	say effectKind = iota + 1
	act
	private
	tell
	tellAll
)

// Effect is something that a command does. Say, Act, WriteTo, Tell and TellAll make
// one. One that is not granted, or about somebody who has left, is dropped.
type Effect struct {
	kind effectKind
	to   ID
	text string
}

// String says what an effect does.
func (e Effect) String() string {
	switch e.kind {
	case say:
		return "say: " + e.text
	case act:
		return "act: " + e.text
	case private:
		return fmt.Sprintf("write to %d: %s", e.to, e.text)
	case tell:
		return fmt.Sprintf("tell %d: %s", e.to, e.text)
	case tellAll:
		return "tell all: " + e.text
	}
	return "no effect"
}

// Say posts text in public as the caller. It needs GrantSay, and passes the filters
// of the other plugins.
func Say(text string) Effect { return Effect{kind: say, text: text} }

// Act posts text as what the caller does. It needs GrantSay or GrantAct, and passes the filters
// of the other plugins.
func Act(text string) Effect { return Effect{kind: act, text: text} }

// WriteTo writes text to somebody in private as the caller. It needs GrantPrivate,
// and passes the filters of the other plugins.
func WriteTo(to ID, text string) Effect { return Effect{private, to, text} }

// Tell tells somebody something in the daemon's name. It needs GrantTell.
func Tell(to ID, text string) Effect { return Effect{tell, to, text} }

// TellAll tells everyone something in the daemon's name. It needs GrantTell.
func TellAll(text string) Effect { return Effect{kind: tellAll, text: text} }

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
	Reason  string  // why they left, in a word
	Message Message // what was posted
	Time    time.Time
}
