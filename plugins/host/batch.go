package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"famchat/plugins/internal/contract"
	"famchat/plugins/pluginpb"
)

// item is what one plugin is asked about a name or a message.
type item struct {
	id       uint64
	place    int // among what the caller asks about
	text     string
	deadline time.Time
	verdict  *pluginpb.Verdict // nil is a failure
	asked    bool              // there is nothing more to hope for
}

// asker calls one hook of an instance about some items.
type asker struct {
	hook string
	so   string // what becomes of what the plugin fails to answer
	call func(ctx context.Context, i *instance, items []*item) ([]*pluginpb.Verdict, error)
}

// ask asks a plugin about items. Those that it does not answer, or not in time,
// have no verdict then.
func (u *unit) ask(ctx context.Context, a asker, items []*item) {
	for len(items) > 0 {
		n := cut(items)
		u.askBatch(ctx, a, items[:n])
		items = items[n:]
	}
}

// cut is how many items fit into a batch.
func cut(items []*item) int {
	size := 0
	for n, it := range items {
		size += len(it.text)
		if n == contract.MaxBatch || n > 0 && size > contract.MaxBatchBytes {
			return n
		}
	}
	return len(items)
}

// askBatch asks about one batch. A plugin that crashes is asked again once, and
// then about one item at a time, so that only what it cannot bear is lost.
func (u *unit) askBatch(ctx context.Context, a asker, batch []*item) {
	left := batch
	crashes := 0
	u.begins()
	defer func() { u.ends(crashes > 0) }()
	for len(left) > 0 {
		if crashes < 2 {
			if u.askOnce(ctx, a, left) {
				crashes++
			}
		} else if u.askOnce(ctx, a, left[:1]) {
			u.log.Warn("the plugin cannot bear an item and crashes", "hook", a.hook)
			left[0].asked = true
		}
		left = unasked(left)
	}
}

// unasked are the items of which an answer may still come.
func unasked(items []*item) []*item {
	now := time.Now()
	left := make([]*item, 0, len(items))
	for _, it := range items {
		if !it.asked && it.deadline.After(now) {
			left = append(left, it)
		}
	}
	return left
}

// askOnce asks once, until the first item's time is up. It reports whether the
// plugin crashed.
func (u *unit) askOnce(ctx context.Context, a asker, items []*item) (crashed bool) {
	if ctx.Err() != nil {
		markAsked(items)
		return false
	}
	first := items[0].deadline
	for _, it := range items[1:] {
		if it.deadline.Before(first) {
			first = it.deadline
		}
	}
	ctx, cancel := context.WithDeadline(ctx, first)
	defer cancel()
	i, err := u.acquire(ctx)
	if err != nil {
		// Nobody is there to ask; who could still come has been waited for.
		if !errors.Is(err, context.DeadlineExceeded) {
			markAsked(items)
		}
		return false
	}
	defer i.calls.Done()
	began := time.Now()
	verdicts, err := a.call(ctx, i, items)
	u.counts.took(time.Since(began), len(items))
	if err == nil {
		u.take(a, i, items, verdicts)
		return false
	}
	if late(ctx, err) {
		for _, it := range items {
			it.asked = !it.deadline.After(first)
		}
		// One that had little time left says nothing about the plugin.
		if first.Sub(began) >= u.cfg.Timeout/2 && !i.dead() {
			u.failed(i, a.hook, a.so, errTimeout)
		}
		return false
	}
	if crash(i, err) {
		return true
	}
	markAsked(items)
	u.failed(i, a.hook, a.so, errors.New(status.Convert(err).Message()))
	return false
}

// crash reports whether an error of a call is the end of the plugin, which may be
// noticed a moment later.
func crash(i *instance, err error) bool {
	if status.Code(err) != codes.Unavailable {
		return i.dead()
	}
	select {
	case <-i.ended():
		return true
	case <-time.After(100 * time.Millisecond):
		return false
	}
}

// late reports whether an error of a call is the end of its time, which the plugin
// may notice first.
func late(ctx context.Context, err error) bool {
	return ctx.Err() != nil || status.Code(err) == codes.DeadlineExceeded
}

func markAsked(items []*item) {
	for _, it := range items {
		it.asked = true
	}
}

// take takes verdicts: one for each item, or that item has failed.
func (u *unit) take(a asker, i *instance, items []*item, verdicts []*pluginpb.Verdict) {
	markAsked(items)
	wrong, why := match(items, verdicts)
	if wrong == 0 {
		u.succeeded()
		return
	}
	i.filter.Resync()
	err := fmt.Errorf("%d of %d verdicts are none: %s", wrong, len(items), why)
	if wrong == len(items) {
		u.failed(i, a.hook, a.so, err)
		return
	}
	u.counts.failures.Add(int64(wrong))
	u.log.Warn("the plugin failed", "hook", a.hook, "err", err, "so", a.so)
	u.succeeded()
}

// match gives each item its verdict and returns for how many there is none, and why
// for one of them. What is answered twice is not answered.
func match(items []*item, verdicts []*pluginpb.Verdict) (wrong int, why string) {
	inOrder := len(items) == len(verdicts)
	for n := 0; inOrder && n < len(items); n++ {
		inOrder = verdicts[n].GetId() == items[n].id
	}
	if !inOrder {
		verdicts = arranged(items, verdicts)
	}
	for n, it := range items {
		problem := "one is missing, or there are two about one item"
		if v := verdicts[n]; v != nil {
			problem = wrongWith(v)
		}
		if problem == "" {
			it.verdict = verdicts[n]
		} else {
			wrong++
			why = problem
		}
	}
	return wrong, why
}

// arranged are the verdicts in the order of the items, nil where there is not one.
func arranged(items []*item, verdicts []*pluginpb.Verdict) []*pluginpb.Verdict {
	at := make(map[uint64]int, len(items))
	for n, it := range items {
		at[it.id] = n
	}
	in := make([]*pluginpb.Verdict, len(items))
	twice := make([]bool, len(items))
	for _, v := range verdicts {
		n, asked := at[v.GetId()]
		if !asked {
			continue
		}
		if in[n] != nil || twice[n] {
			in[n], twice[n] = nil, true
			continue
		}
		in[n] = v
	}
	return in
}
