package hub

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"famchat/daemon/hooks"
	"famchat/daemon/internal/room"
	"famchat/internal/names"
)

// sanction is a ban or a mute as the world remembers it.
type sanction struct {
	who   string // a name or an address
	until int64
}

// holds reports whether one of the sanctions is on a name, or on what looks like it,
// or on an address, now.
func holds(all []sanction, who string, now room.Now) bool {
	for _, s := range all {
		if s.until > now.Nanos && (s.who == who || names.SkeletonOf(s.who).Alike(names.SkeletonOf(who))) {
			return true
		}
	}
	return false
}

// with is all of them and one more, in place of the one on the same name or address.
func with(all []sanction, n sanction) []sanction {
	return append(slices.DeleteFunc(all, func(s sanction) bool { return names.Fold(s.who) == names.Fold(n.who) }), n)
}

// without is all but those on a name, or on what looks like it, or on an address.
func without(all []sanction, who string) (rest []sanction) {
	for _, s := range all {
		if s.who != who && !names.SkeletonOf(s.who).Alike(names.SkeletonOf(who)) {
			rest = append(rest, s)
		}
	}
	return rest
}

// sanction bans, mutes, takes that back, and counts down now and again.
func (w *world) sanction() {
	name := []string{"ann", "Bob", "cyd", "dan", "eve", "hal", "haI", "aиn"}[w.Intn(8)]
	until := w.now.Nanos + int64(w.Intn(6))*1e9
	switch w.Intn(60) {
	case 0:
		w.ban(&room.Sanction{Name: name, UntilNanos: until, Reason: "enough"}, name)
	case 1:
		address := fmt.Sprint("192.0.2.", w.Intn(9))
		w.ban(&room.Sanction{Address: address, UntilNanos: until}, address)
	case 2:
		w.bans = without(w.bans, name)
		w.hub.Step(room.Event{Kind: room.Unban, Sanction: &room.Sanction{Name: name}})
	case 3, 4:
		if w.chance(5) {
			until = room.Never
		}
		w.mutes = with(w.mutes, sanction{name, until})
		w.seen["muted"]++
		if w.bug != "lost mute" {
			w.hub.Step(room.Event{Kind: room.Mute, Sanction: &room.Sanction{Name: name, UntilNanos: until}})
		}
	case 5, 6:
		w.mutes = without(w.mutes, name)
		w.hub.Step(room.Event{Kind: room.Unmute, Sanction: &room.Sanction{Name: name}})
	case 7:
		w.hub.Step(room.Event{Kind: room.CountDown, Nanos: until})
	case 8:
		w.hub.Step(room.Event{Kind: room.CountDown})
	}
}

func (w *world) ban(s *room.Sanction, who string) {
	w.bans = with(w.bans, sanction{who, s.UntilNanos})
	if w.bug != "lost ban" {
		w.hub.Step(room.Event{Kind: room.Ban, Sanction: s})
	}
}

// psst is what a command tells in the server's name; of a muted caller nobody else
// may read it.
func (w *world) psst(caller hooks.Member) string {
	if holds(w.mutes, caller.Name, w.now) {
		return fmt.Sprintf("psst of muted %d.", caller.ID)
	}
	return "psst"
}

// seenSanctions looks for what bans and mutes make of what somebody reads.
func (w *world) seenSanctions(p *person, text string) {
	if strings.Contains(text, "! you are muted") && strings.Contains(text, "Not sent: ") {
		w.seen["refused as muted"]++
	}
	if strings.Contains(text, "\" is kept out") {
		w.seen["refused as banned"]++
	}
	if _, who, found := strings.Cut(text, "psst of muted "); found && !strings.HasPrefix(who, fmt.Sprintf("%d.", p.id)) {
		p.err = fmt.Errorf("it read what a muted member's command told: %q", text)
	}
	if p.keptOut && !strings.HasPrefix(text, "! you are kept out") {
		p.err = errors.New("its address is kept out, and it is asked in")
	}
}

// checkCounts holds what was counted against what happened.
func (w *world) checkCounts() error {
	counts, stats := w.hub.room.Counts(), w.hub.Stats()
	people := w.hub.room.AppendPeople(nil, 0, 1<<20)
	named := 0
	for _, p := range people {
		if p.Name != "" {
			named++
		}
	}
	switch {
	case counts.Messages != w.counts.messages || counts.Deliveries < counts.Messages:
		return fmt.Errorf("%d messages were posted; counted were %+v", w.counts.messages, counts)
	case stats.BytesRead != w.counts.read:
		return fmt.Errorf("%d bytes were read; counted were %d", w.counts.read, stats.BytesRead)
	case counts.Members != named || counts.Choosing != len(people)-named || counts.Peak < named:
		return fmt.Errorf("%d of %d have a name; counted were %+v", named, len(people), counts)
	}
	return nil
}
