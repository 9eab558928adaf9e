package hooks

import (
	"context"
	"fmt"
)

// Funcs are Hooks made of plain functions, for who embeds the daemon. A nil
// function is a hook that is not there. A function that panics has failed for
// that one item.
type Funcs struct {
	ValidateName  func(context.Context, NameRequest) Verdict
	FilterMessage func(context.Context, Message) Verdict
	OnEvent       func(context.Context, Event)
	Commands      []CommandFunc
}

// CommandFunc is a command and what it does.
type CommandFunc struct {
	Command
	Run func(context.Context, Call) Result
}

var _ Hooks = Funcs{}

// Offers implements Hooks: what is not nil is offered.
func (f Funcs) Offers() Offers {
	o := Offers{
		Names:    f.ValidateName != nil,
		Public:   f.FilterMessage != nil,
		Private:  f.FilterMessage != nil,
		Observes: f.OnEvent != nil,
	}
	for _, c := range f.Commands {
		if c.Run != nil {
			o.Commands = append(o.Commands, c.Command)
		}
	}
	return o
}

// ValidateNames implements Hooks.
func (f Funcs) ValidateNames(ctx context.Context, names []NameRequest) []Verdict {
	return each(ctx, names, f.ValidateName)
}

// FilterMessages implements Hooks.
func (f Funcs) FilterMessages(ctx context.Context, messages []Message) []Verdict {
	return each(ctx, messages, f.FilterMessage)
}

// RunCommand implements Hooks.
func (f Funcs) RunCommand(ctx context.Context, call Call) (r Result) {
	defer func() {
		if p := recover(); p != nil {
			r = Result{Failed: fmt.Sprintf("/%s failed", call.Command)}
		}
	}()
	for _, c := range f.Commands {
		if c.Name == call.Command && c.Run != nil {
			return c.Run(ctx, call)
		}
	}
	return Result{Failed: fmt.Sprintf("nobody runs /%s", call.Command)}
}

// Observe implements Hooks.
func (f Funcs) Observe(ctx context.Context, events []Event) {
	for _, e := range events {
		func() {
			defer func() { _ = recover() }()
			f.OnEvent(ctx, e)
		}()
	}
}

// each asks about one item after the other. What is left when the context has
// ended has failed.
func each[T any](ctx context.Context, items []T, ask func(context.Context, T) Verdict) []Verdict {
	verdicts := make([]Verdict, len(items))
	for i, item := range items {
		if ctx.Err() != nil {
			verdicts[i] = Fail("there was no time to check it")
			continue
		}
		verdicts[i] = recovered(ctx, item, ask)
	}
	return verdicts
}

func recovered[T any](ctx context.Context, item T, ask func(context.Context, T) Verdict) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = Fail("the check failed")
		}
	}()
	return ask(ctx, item)
}
