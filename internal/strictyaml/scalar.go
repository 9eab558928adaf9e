package strictyaml

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Bytes is a size in bytes. In a file it is a whole number alone, or with one of
// the units KiB, MiB and GiB (IEC 80000-13): 65536 and 64KiB are the same.
type Bytes int64

// What a value must look like, for the messages.
const (
	wantText     = "expected a text"
	wantBool     = "expected true or false"
	wantInt      = "expected a whole number, such as 10"
	wantDuration = "expected a duration, such as 250ms, 30s or 2m"
	wantBytes    = "expected a size, such as 64KiB, 2MiB or 1GiB"
)

// setScalar sets v from n. It returns what is wrong with n, "" where nothing is.
func setScalar(n *yaml.Node, v reflect.Value) (problem string) {
	switch v.Type() {
	case durationType:
		duration, problem := parseDuration(n)
		v.SetInt(int64(duration))
		return problem
	case bytesType:
		size, problem := parseBytes(n)
		v.SetInt(int64(size))
		return problem
	}
	switch v.Kind() {
	case reflect.String:
		if !isText(n) {
			return refuse(wantText, n, "put it in quotes")
		}
		v.SetString(n.Value)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Tag != tagBool {
			return refuse(wantBool, n, "")
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	default:
		number, problem := parseInt(n, v.Type().Bits())
		v.SetInt(number)
		return problem
	}
	return ""
}

// refuse says what was expected, what was found instead and, if that is a
// scalar, what to do about it.
func refuse(want string, n *yaml.Node, hint string) string {
	s := want + ", found " + describe(n)
	if hint != "" && n.Kind == yaml.ScalarNode && n.Value != "" {
		s += "; " + hint
	}
	return s
}

// reInt is a whole number as everybody reads it: 010 is 8 to some readers of
// YAML and 10 to others.
var reInt = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

func parseInt(n *yaml.Node, bits int) (int64, string) {
	if n.Kind != yaml.ScalarNode || !reInt.MatchString(n.Value) {
		return 0, refuse(wantInt, n, "")
	}
	if n.Tag == tagString {
		return 0, refuse(wantInt, n, "remove the quotes")
	}
	number, err := strconv.ParseInt(n.Value, 10, bits)
	if err != nil {
		return 0, refuse(fmt.Sprintf("expected a whole number up to %d", int64(1)<<(bits-1)-1), n, "")
	}
	return number, ""
}

func parseDuration(n *yaml.Node) (time.Duration, string) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == "0":
		return 0, ""
	case n.Kind == yaml.ScalarNode && (n.Tag == tagInt || n.Tag == tagFloat):
		return 0, refuse(wantDuration, n, "write a unit, like 30s")
	case !isText(n):
		return 0, refuse(wantDuration, n, "")
	}
	duration, err := time.ParseDuration(n.Value)
	if err == nil {
		return duration, ""
	}
	hint := ""
	if number, ok := strings.CutSuffix(n.Value, "d"); ok {
		if days, err := strconv.Atoi(number); err == nil && days > 0 && days < 10000 {
			hint = fmt.Sprintf("write hours, like %dh", days*24)
		}
	}
	return 0, refuse(wantDuration, n, hint)
}

// reBytes is a size, or what somebody might write for one.
var reBytes = regexp.MustCompile(`^(0|[1-9][0-9]*)( *)([A-Za-z]*)$`)

// units are the units of a size and, in lower case, what is often written in
// their place.
var units = []struct {
	name  string
	bytes int64
	wrong []string
}{
	{"", 1, []string{"b", "byte", "bytes"}},
	{"KiB", 1 << 10, []string{"k", "kb", "ki", "kib"}},
	{"MiB", 1 << 20, []string{"m", "mb", "mi", "mib"}},
	{"GiB", 1 << 30, []string{"g", "gb", "gi", "gib"}},
}

func parseBytes(n *yaml.Node) (Bytes, string) {
	m := reBytes.FindStringSubmatch(n.Value)
	if n.Kind != yaml.ScalarNode || m == nil {
		return 0, refuse(wantBytes, n, "")
	}
	digits, space, unit := m[1], m[2], m[3]
	for _, u := range units {
		if unit == u.name && space == "" {
			number, err := strconv.ParseInt(digits, 10, 64)
			if err != nil || number > math.MaxInt64/u.bytes {
				return 0, refuse(fmt.Sprintf("expected a size of at most %d bytes", int64(math.MaxInt64)), n, "")
			}
			return Bytes(number * u.bytes), ""
		}
		if slices.Contains(u.wrong, strings.ToLower(unit)) {
			return 0, refuse(wantBytes, n, "write "+shorten(digits)+u.name)
		}
	}
	return 0, refuse(wantBytes, n, "")
}
