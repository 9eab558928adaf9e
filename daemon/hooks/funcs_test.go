package hooks

import (
	"context"
	"reflect"
	"slices"
	"testing"
)

func TestNilFunctionsAreNotOffered(t *testing.T) {
	name := func(context.Context, NameRequest) Verdict { return Allow() }
	message := func(context.Context, Message) Verdict { return Allow() }
	event := func(context.Context, Event) {}
	run := func(context.Context, Call) Result { return Result{} }
	me := Command{Name: "me", Args: "text", Help: "what you do"}
	for _, test := range []struct {
		name  string
		funcs Funcs
		want  Offers
	}{
		{"nothing", Funcs{}, Offers{}},
		{"names", Funcs{ValidateName: name}, Offers{Names: true}},
		{"messages of both kinds", Funcs{FilterMessage: message}, Offers{Public: true, Private: true}},
		{"an observer", Funcs{OnEvent: event}, Offers{Observes: true}},
		{"a command", Funcs{Commands: []CommandFunc{{me, run}}}, Offers{Commands: []Command{me}}},
		{"a command without a function", Funcs{Commands: []CommandFunc{{me, nil}}}, Offers{}},
	} {
		if got := test.funcs.Offers(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestEachItemIsAnsweredInOrder(t *testing.T) {
	f := Funcs{
		ValidateName: func(_ context.Context, r NameRequest) Verdict { return Reject("no " + r.Name) },
		FilterMessage: func(_ context.Context, m Message) Verdict {
			switch m.Text {
			case "drop":
				return Drop()
			case "silence":
				return Verdict{}
			}
			return Replace("<" + m.Text + ">")
		},
	}
	names := f.ValidateNames(t.Context(), []NameRequest{{Member: 1, Name: "a"}, {Member: 2, Name: "b"}})
	if want := []Verdict{Reject("no a"), Reject("no b")}; !slices.Equal(names, want) {
		t.Errorf("names: got %v, want %v", names, want)
	}
	messages := f.FilterMessages(t.Context(), []Message{{Text: "x"}, {Text: "drop"}, {Text: "silence"}, {Text: "y"}})
	if want := []Verdict{Replace("<x>"), Drop(), {}, Replace("<y>")}; !slices.Equal(messages, want) {
		t.Errorf("messages: got %v, want %v", messages, want)
	}
	if got := f.FilterMessages(t.Context(), nil); len(got) != 0 {
		t.Errorf("no messages: got %v, want no verdicts", got)
	}
}

func TestAPanicFailsThatOneItemOnly(t *testing.T) {
	boom := func(s string) Verdict {
		if s == "boom" {
			panic(s)
		}
		return Allow()
	}
	f := Funcs{
		ValidateName:  func(_ context.Context, r NameRequest) Verdict { return boom(r.Name) },
		FilterMessage: func(_ context.Context, m Message) Verdict { return boom(m.Text) },
	}
	want := []Verdict{Allow(), Fail("the check failed"), Allow()}
	if got := f.ValidateNames(t.Context(), []NameRequest{{Name: "a"}, {Name: "boom"}, {Name: "c"}}); !slices.Equal(got, want) {
		t.Errorf("names: got %v, want %v", got, want)
	}
	if got := f.FilterMessages(t.Context(), []Message{{Text: "a"}, {Text: "boom"}, {Text: "c"}}); !slices.Equal(got, want) {
		t.Errorf("messages: got %v, want %v", got, want)
	}
}

func TestWhatIsLeftWhenTheContextEndsFails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	f := Funcs{FilterMessage: func(context.Context, Message) Verdict {
		if asked++; asked == 2 {
			cancel()
		}
		return Allow()
	}}
	late := Fail("there was no time to check it")
	got := f.FilterMessages(ctx, make([]Message, 4))
	if want := []Verdict{Allow(), Allow(), late, late}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if asked != 2 {
		t.Errorf("got %d items asked about, want 2", asked)
	}
}

func TestCommandsRunByName(t *testing.T) {
	f := Funcs{Commands: []CommandFunc{
		{Command{Name: "me"}, func(_ context.Context, c Call) Result { return Result{Effects: []Effect{{Kind: Act, Text: c.Args}}} }},
		{Command{Name: "boom"}, func(context.Context, Call) Result { panic("boom") }},
		{Command{Name: "later"}, nil},
	}}
	for _, test := range []struct {
		call Call
		want Result
	}{
		{Call{Command: "me", Args: "waves"}, Result{Effects: []Effect{{Kind: Act, Text: "waves"}}}},
		{Call{Command: "boom"}, Result{Failed: "/boom failed"}},
		{Call{Command: "later"}, Result{Failed: "nobody runs /later"}},
		{Call{Command: "dance"}, Result{Failed: "nobody runs /dance"}},
	} {
		if got := f.RunCommand(t.Context(), test.call); !reflect.DeepEqual(got, test.want) {
			t.Errorf("/%s: got %+v, want %+v", test.call.Command, got, test.want)
		}
	}
}

func TestAnObserverThatPanicsIsToldTheRest(t *testing.T) {
	var got []string
	f := Funcs{OnEvent: func(_ context.Context, e Event) {
		got = append(got, e.Reason)
		if e.Reason == "boom" {
			panic("boom")
		}
	}}
	f.Observe(t.Context(), []Event{{Reason: "a"}, {Reason: "boom"}, {Reason: "c"}})
	if want := []string{"a", "boom", "c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	Funcs{}.Observe(t.Context(), []Event{{Reason: "nobody listens"}})
}
