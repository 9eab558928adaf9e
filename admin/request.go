package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"famchat/internal/nearest"
	"famchat/internal/safetext"
)

// request is the body of a request.
type request interface {
	// check says what is wrong with it, whatever the daemon's state.
	check() error
	// about is what the log says of it: never what somebody writes to others.
	about() []any
}

// nothing is the body of a request that has none.
type nothing struct{}

func (nothing) check() error { return nil }
func (nothing) about() []any { return nil }

func (r KickRequest) check() error {
	switch {
	case r.All && len(r.Who) > 0:
		return Errorf(CodeBadRequest, `"all" is everybody; leave out "who"`)
	case !r.All && len(r.Who) == 0:
		return Errorf(CodeBadRequest, `say who, as in {"who": ["leo", "#17"]}, or "all": true`)
	case r.For < 0:
		return Errorf(CodeBadRequest, `"for" is how long they stay out, and cannot be less than 0`)
	case r.Address && r.For == 0:
		return Errorf(CodeBadRequest, `"address" keeps out their addresses; it needs "for", which says how long`)
	}
	return checkWho(r.Who)
}

func (r KickRequest) about() []any {
	who := whoAttr(r.Who)
	if r.All {
		who = []any{"all", true}
	}
	attrs := append(who, forAttr(r.For)...)
	if r.Address {
		attrs = append(attrs, "address", true)
	}
	return append(attrs, reasonAttr(r.Reason)...)
}

func (r MuteRequest) check() error {
	if r.For < 0 {
		return Errorf(CodeBadRequest, `"for" is how long they are muted, and cannot be less than 0`)
	}
	return needWho(r.Who)
}

func (r MuteRequest) about() []any {
	return slices.Concat(whoAttr(r.Who), forAttr(r.For), reasonAttr(r.Reason))
}

func (r WhoRequest) check() error { return needWho(r.Who) }
func (r WhoRequest) about() []any { return whoAttr(r.Who) }

func (r TextRequest) check() error { return needText(r.Text) }
func (r TextRequest) about() []any { return nil }

func (r TellRequest) check() error {
	if r.Who == "" {
		return Errorf(CodeBadRequest, `say whom, as in {"who": "leo", "text": "dinner"}`)
	}
	return needText(r.Text)
}

func (r TellRequest) about() []any { return whoAttr([]string{r.Who}) }

func (ReloadRequest) check() error { return nil }

func (r ReloadRequest) about() []any {
	if r.DryRun {
		return []any{"dry_run", true}
	}
	return nil
}

func (r ShutdownRequest) check() error {
	if r.In < 0 {
		return Errorf(CodeBadRequest, `"in" is a countdown, and cannot be less than 0`)
	}
	return nil
}

func (r ShutdownRequest) about() []any { return []any{"in", time.Duration(r.In)} }

func needWho(who []string) error {
	if len(who) == 0 {
		return Errorf(CodeBadRequest, `say who, as in {"who": ["leo", "#17"]}`)
	}
	return checkWho(who)
}

func checkWho(who []string) error {
	if slices.Contains(who, "") {
		return Errorf(CodeBadRequest, `one of "who" is empty; each is a name, or a number as #17`)
	}
	return nil
}

func needText(text string) error {
	if strings.TrimSpace(text) == "" {
		return Errorf(CodeBadRequest, `there is nothing in "text"`)
	}
	return nil
}

func whoAttr(who []string) []any {
	return []any{"who", safetext.Line(strings.Join(who, ", "))}
}

func forAttr(d Duration) []any {
	if d == 0 {
		return nil
	}
	return []any{"for", time.Duration(d)}
}

func reasonAttr(reason string) []any {
	if reason == "" {
		return nil
	}
	return []any{"reason", safetext.Line(reason)}
}

// decode reads JSON into r, a pointer to a struct, strictly.
func decode(body []byte, r any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return Errorf(CodeBadRequest, "%s", complaint(err, r))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Errorf(CodeBadRequest, "something follows the JSON of the request; a request is one object")
	}
	return nil
}

// complaint says what is wrong with a body.
func complaint(err error, r any) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("the request is not JSON: %v, at byte %d", err, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the request is not JSON: it ends in the middle"
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Sprintf("a request is an object, not a %s", kind.Value)
	case errors.As(err, &kind):
		return fmt.Sprintf("%q is %s, not a %s", kind.Field, wanted(kind.Type), kind.Value)
	}
	name, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	if !unknown {
		return err.Error()
	}
	fields := fieldsOf(r)
	if len(fields) == 0 {
		return fmt.Sprintf("this request takes nothing, not %s", name)
	}
	f := nearest.New(strings.Trim(name, `"`))
	for _, field := range fields {
		f.Try(field)
	}
	if best := f.Best(); len(best) > 0 {
		return fmt.Sprintf("there is no %s in this request; did you mean %q?", name, best[0])
	}
	return fmt.Sprintf("there is no %s in this request; it may have %s", name, strings.Join(fields, ", "))
}

// wanted says what a field takes.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a text"
	}
	return "a " + t.String()
}

// fieldsOf returns what the fields of a struct are called in JSON.
func fieldsOf(r any) (names []string) {
	t := reflect.TypeOf(r).Elem()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
