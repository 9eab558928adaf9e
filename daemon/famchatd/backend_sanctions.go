package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"famchat/admin"
	"famchat/daemon"
)

// checkReason refuses a reason that is too long.
func checkReason(reason string) error {
	if len(reason) > daemon.MaxReason {
		return admin.Errorf(admin.CodeBadRequest, "a reason has at most %d bytes, this one has %d", daemon.MaxReason, len(reason))
	}
	return nil
}

// Bans implements admin.Backend.
func (s *service) Bans(ctx context.Context) ([]admin.Ban, error) {
	bans, err := s.server.Bans(ctx)
	if err != nil {
		return nil, problem(err)
	}
	all := make([]admin.Ban, len(bans))
	for i, b := range bans {
		all[i] = admin.Ban{Name: b.Name, Address: b.Address, Since: b.Since, Until: b.Until, Reason: b.Reason}
	}
	return all, nil
}

// Unban implements admin.Backend.
func (s *service) Unban(ctx context.Context, r admin.WhoRequest) ([]admin.Outcome, error) {
	return s.lift(ctx, r.Who, func(who string, o *admin.Outcome) error {
		lifted, err := s.server.Unban(ctx, who)
		o.Name = strings.Join(lifted, ", ")
		if errors.Is(err, daemon.ErrNoBan) {
			return admin.Errorf(admin.CodeNoBan, "%q is not kept out; bans shows who is", who)
		}
		return problem(err)
	})
}

// Mute implements admin.Backend.
func (s *service) Mute(ctx context.Context, r admin.MuteRequest) ([]admin.Outcome, error) {
	if err := checkReason(r.Reason); err != nil {
		return nil, err
	}
	outcomes, err := s.forEach(ctx, r.Who, false, func(id daemon.ID, o *admin.Outcome) error {
		var err error
		o.Name, err = s.server.Mute(ctx, id, time.Duration(r.For), r.Reason)
		switch {
		case errors.Is(err, daemon.ErrNoName):
			return admin.Errorf(admin.CodeRefused, "%s has no name yet, and nothing to say", called(*o))
		case errors.Is(err, daemon.ErrTooMany):
			return admin.Errorf(admin.CodeRefused, "%s is not muted: as many are as limits.mutes allows, so unmute some", called(*o))
		}
		return err
	})
	if err == nil {
		s.keepFor(ctx, outcomes)
	}
	return outcomes, err
}

// Unmute implements admin.Backend. Who is muted need not be here.
func (s *service) Unmute(ctx context.Context, r admin.WhoRequest) ([]admin.Outcome, error) {
	return s.lift(ctx, r.Who, func(who string, o *admin.Outcome) error {
		name := who
		if strings.HasPrefix(who, "#") {
			m, err := s.server.Member(ctx, idOf(who))
			if errors.Is(err, daemon.ErrNoMember) {
				return s.unknown(ctx, who)
			}
			if err != nil {
				return problem(err)
			}
			o.ID, name = uint64(m.ID), m.Name
		}
		lifted, err := s.server.Unmute(ctx, name)
		switch {
		case err == nil:
			o.Name = strings.Join(lifted, ", ")
		case !errors.Is(err, daemon.ErrNotMuted):
			return problem(err)
		case o.ID == 0:
			if _, missing := s.server.Find(ctx, who); errors.Is(missing, daemon.ErrNoMember) {
				return s.unknown(ctx, who)
			}
			fallthrough
		default:
			return admin.Errorf(admin.CodeRefused, "%s is not muted", who)
		}
		return nil
	})
}

// lift takes something back from each who was named.
func (s *service) lift(ctx context.Context, who []string, do func(string, *admin.Outcome) error) ([]admin.Outcome, error) {
	if len(who) > maxWho {
		return nil, admin.Errorf(admin.CodeBadRequest, "a request names at most %d people, this one %d; send several", maxWho, len(who))
	}
	outcomes := make([]admin.Outcome, 0, len(who))
	for _, name := range who {
		o := admin.Outcome{Who: name}
		if err := do(name, &o); err != nil {
			var wrong *admin.Error
			if !errors.As(err, &wrong) || wrong.Code == admin.CodeStopping {
				return nil, err
			}
			o.Error = wrong
		}
		outcomes = append(outcomes, o)
	}
	s.keepFor(ctx, outcomes)
	return outcomes, nil
}
