package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"famchat/admin"
	"famchat/daemon"
	"famchat/internal/names"
	"famchat/internal/nearest"
	"famchat/internal/version"
)

var _ admin.Backend = (*service)(nil)

const (
	// maxWho is how many people one request may name.
	maxWho = 1000
	// maxSuggestions is for how many of them who are not here it is said who may be
	// meant: among thousands of members that takes a while.
	maxSuggestions = 10
)

// Members implements admin.Backend.
func (s *service) Members(ctx context.Context) ([]admin.Member, error) {
	members, err := s.server.Members(ctx)
	if err != nil {
		return nil, problem(err)
	}
	all := make([]admin.Member, len(members))
	for i, m := range members {
		all[i] = admin.Member{
			ID: uint64(m.ID), Name: m.Name, Address: m.Addr, Since: m.Since, Idle: admin.Duration(m.Idle),
			Messages: m.Messages, Backlog: m.Backlog, Muted: m.Muted,
		}
	}
	return all, nil
}

// Kick implements admin.Backend.
func (s *service) Kick(ctx context.Context, r admin.KickRequest) ([]admin.Outcome, error) {
	who := r.Who
	if r.All {
		members, err := s.server.Members(ctx)
		if err != nil {
			return nil, problem(err)
		}
		who = nil
		for _, m := range members {
			who = append(who, "#"+strconv.FormatUint(uint64(m.ID), 10))
		}
	}
	if err := checkReason(r.Reason); err != nil {
		return nil, err
	}
	removal := daemon.Removal{Reason: r.Reason, For: time.Duration(r.For), Address: r.Address}
	outcomes, err := s.forEach(ctx, who, r.All, func(id daemon.ID, o *admin.Outcome) error {
		var err error
		o.Name, err = s.server.Kick(ctx, id, removal)
		return notKept(*o, err)
	})
	if err == nil && r.For > 0 {
		s.keepFor(ctx, outcomes)
	}
	return outcomes, err
}

// notKept says of somebody who was removed what does not stay out, and why; any other
// error is returned as it is.
func notKept(o admin.Outcome, err error) error {
	var why []string
	for _, n := range []struct {
		err error
		why string
	}{
		{daemon.ErrNoName, "there is no name yet to keep out"},
		{daemon.ErrNoAddr, "the address is not kept out: the connection had ended, and nobody knows it any more"},
		{daemon.ErrLoopback, "the address is not kept out: it is this machine's own, and the whole family's"},
		{daemon.ErrTooMany, "may come again: as many are kept out as limits.bans allows, so unban some"},
	} {
		if errors.Is(err, n.err) {
			why = append(why, n.why)
		}
	}
	if why == nil {
		return err
	}
	return admin.Errorf(admin.CodeRefused, "%s was removed; %s", called(o), strings.Join(why, "; "))
}

// called is what somebody is called in a sentence: by their name, or by how they were
// asked for where they have none.
func called(o admin.Outcome) string {
	if o.Name != "" {
		return o.Name
	}
	return o.Who
}

// keepFor writes what outcomes have changed, and says in them that it could not.
func (s *service) keepFor(ctx context.Context, outcomes []admin.Outcome) {
	// Of somebody who is here something may have changed even if not all.
	if !slices.ContainsFunc(outcomes, func(o admin.Outcome) bool { return o.Error == nil || o.ID != 0 }) {
		return
	}
	err := s.keep(ctx)
	if err == nil {
		return
	}
	s.log.Error("who is kept out and who is muted could not be written", "err", err)
	for i := range outcomes {
		if outcomes[i].Error == nil {
			outcomes[i].Error = admin.Errorf(admin.CodeInternal,
				"%s: done, and it holds until the daemon ends; it could not be written to the state folder, to outlive that: %v", called(outcomes[i]), err)
		}
	}
}

// forEach does something to each of those who are here and were named. Somebody who is
// not leaves the others to be done; what went wrong for all of them is the error.
func (s *service) forEach(ctx context.Context, who []string, all bool, do func(daemon.ID, *admin.Outcome) error) ([]admin.Outcome, error) {
	if len(who) > maxWho && !all {
		return nil, admin.Errorf(admin.CodeBadRequest, "a request names at most %d people, this one %d; send several", maxWho, len(who))
	}
	outcomes := make([]admin.Outcome, 0, len(who))
	suggest := maxSuggestions
	for _, name := range who {
		o := admin.Outcome{Who: name}
		id, err := s.find(ctx, name)
		if err == nil {
			err = do(id, &o)
		}
		if !errors.Is(err, daemon.ErrNoMember) {
			o.ID = uint64(id)
		}
		if all && errors.Is(err, daemon.ErrNoMember) {
			continue // has left since
		}
		if err != nil {
			if errors.Is(err, daemon.ErrNoMember) {
				suggest--
			}
			if o.Error, err = s.wrongWith(ctx, name, err, suggest >= 0); err != nil {
				return nil, err
			}
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// find is the ID that somebody is named by: a name however it is typed, or #17.
func (s *service) find(ctx context.Context, who string) (daemon.ID, error) {
	if !strings.HasPrefix(who, "#") {
		return s.server.Find(ctx, who)
	}
	return idOf(who), nil
}

// idOf is the ID in #17; 0, which nobody has, where it is none.
func idOf(who string) daemon.ID {
	id, err := strconv.ParseUint(who[1:], 10, 64)
	if err != nil {
		return 0
	}
	return daemon.ID(id)
}

// wrongWith says what went wrong with one who was named; the error is what went wrong
// with all.
func (s *service) wrongWith(ctx context.Context, who string, err error, suggest bool) (*admin.Error, error) {
	switch {
	case errors.Is(err, daemon.ErrNoMember) && suggest:
		return s.unknown(ctx, who), nil
	case errors.Is(err, daemon.ErrNoMember):
		return admin.Errorf(admin.CodeNoMember, "nobody here is called %q", who), nil
	}
	var wrong *admin.Error
	if err = problem(err); errors.As(err, &wrong) && wrong.Code == admin.CodeRefused {
		return wrong, nil
	}
	return nil, err
}

// unknown says that nobody is here by a name or number, and who may be meant.
func (s *service) unknown(ctx context.Context, who string) *admin.Error {
	if strings.HasPrefix(who, "#") {
		return admin.Errorf(admin.CodeNoMember, "nobody here has the number %s; list shows who has which", who)
	}
	sentence := "nobody here is called " + strconv.Quote(who)
	members, err := s.server.Members(ctx)
	if err != nil {
		return admin.Errorf(admin.CodeNoMember, "%s", sentence)
	}
	near := nearest.New(names.Fold(who))
	shown := map[string]string{}
	for _, m := range members {
		if m.Name != "" {
			folded := names.Fold(m.Name)
			shown[folded] = m.Name
			near.Try(folded)
		}
	}
	found := near.Best()
	if len(found) == 0 {
		return admin.Errorf(admin.CodeNoMember, "%s", sentence)
	}
	for i := range found {
		found[i] = shown[found[i]]
	}
	return admin.Errorf(admin.CodeNoMember, "%s; did you mean %s?", sentence, oneOf(found))
}

// Broadcast implements admin.Backend.
func (s *service) Broadcast(ctx context.Context, r admin.TextRequest) error {
	return problem(s.server.Announce(ctx, r.Text))
}

// Tell implements admin.Backend.
func (s *service) Tell(ctx context.Context, r admin.TellRequest) error {
	id, err := s.find(ctx, r.Who)
	if err == nil {
		err = s.server.Tell(ctx, id, r.Text)
	}
	if errors.Is(err, daemon.ErrNoMember) {
		return s.unknown(ctx, r.Who)
	}
	return problem(err)
}

// Stats implements admin.Backend.
func (s *service) Stats(ctx context.Context) (admin.Stats, error) {
	d, err := s.server.Stats(ctx)
	if err != nil {
		return admin.Stats{}, problem(err)
	}
	return admin.Stats{
		Version: version.String(), Started: d.Started, Uptime: admin.Duration(d.Uptime),
		Members: d.Members, Choosing: d.Choosing, Peak: d.Peak,
		Messages: d.Messages, Deliveries: d.Deliveries, BytesRead: d.BytesRead, BytesWritten: d.BytesWritten,
		Backlog: d.Backlog, Accepted: d.Accepted, Refused: d.Refused, Closed: d.Ended,
		Turns: d.Turns, LongestTurn: admin.Duration(d.LongestTurn), LogLost: d.LogLost,
		ShutdownIn: admin.Duration(d.ClosesIn),
	}, nil
}

// Reload implements admin.Backend.
func (s *service) Reload(ctx context.Context, r admin.ReloadRequest) (admin.ReloadAnswer, error) {
	answer, err := s.reload(ctx, r.DryRun)
	if err != nil && ctx.Err() == nil {
		err = admin.Errorf(admin.CodeRefused, "the settings stay as they were:\n%v", err)
	}
	return answer, err
}

// Shutdown implements admin.Backend.
func (s *service) Shutdown(ctx context.Context, r admin.ShutdownRequest) error {
	if time.Duration(r.In) > daemon.MaxCountdown {
		return admin.Errorf(admin.CodeBadRequest, "a countdown takes at most 7 days, not %v", duration(time.Duration(r.In)))
	}
	return problem(s.server.CountDown(ctx, time.Duration(r.In)))
}

// CancelShutdown implements admin.Backend.
func (s *service) CancelShutdown(ctx context.Context) error {
	return problem(s.server.CancelCountDown(ctx))
}

// problem is an error of the daemon as who asked reads it.
func problem(err error) error {
	refused := func(err error) error { return admin.Errorf(admin.CodeRefused, "%v", err) }
	switch {
	case err == nil:
		return nil
	case errors.Is(err, daemon.ErrStopped):
		return admin.Errorf(admin.CodeStopping, "the daemon is stopping")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err // the handler knows which
	case errors.Is(err, daemon.ErrReason), errors.Is(err, daemon.ErrDuration), errors.Is(err, daemon.ErrNotShown):
		return admin.Errorf(admin.CodeBadRequest, "%v", err)
	case errors.Is(err, daemon.ErrNoCountdown):
		return admin.Errorf(admin.CodeRefused, "no shutdown is under way")
	case errors.Is(err, daemon.ErrMayNotRead):
		return admin.Errorf(admin.CodeRefused, "what people write may not be read; admin.may_read: true in famchat.yaml allows it, and tells everybody so")
	}
	return refused(err)
}
