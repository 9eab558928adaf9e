package plugins

import (
	"reflect"
	"regexp"
	"testing"
	"time"
)

type common struct{ Quiet bool }

type sample struct {
	common
	Words   []string
	Share   float64
	Max     int `json:"max_words"`
	Small   int8
	Every   time.Duration
	Pattern *regexp.Regexp
	Nested  struct{ Bees int }
	Byname  map[string]struct{ Age int }
	Any     any
	Maybe   *int
	hidden  int
}

func TestConfigIsDecoded(t *testing.T) {
	got, err := decodeConfig[sample]([]byte(`{"quiet": true, "words": ["a"], "share": 1, "max_words": 3, "every": "1m30s",
		"pattern": "^a", "nested": {"bees": 2}, "byname": {"leo": {"age": 7}}, "any": {"x": [1]}, "maybe": 5, "small": null}`))
	if err != nil {
		t.Fatal(err)
	}
	five := 5
	want := sample{
		common: common{Quiet: true}, Words: []string{"a"}, Share: 1, Max: 3, Every: 90 * time.Second,
		Pattern: regexp.MustCompile("^a"), Nested: struct{ Bees int }{2}, Byname: map[string]struct{ Age int }{"leo": {7}},
		Any: map[string]any{"x": []any{1.0}}, Maybe: &five,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for _, empty := range []string{"", " ", "{}", "null"} {
		if got, err := decodeConfig[sample]([]byte(empty)); err != nil || !reflect.DeepEqual(got, sample{hidden: 0}) {
			t.Errorf("%q: got %+v, %v", empty, got, err)
		}
	}
}

// Who wrote the config reads what is wrong, where, and what to write.
func TestConfigErrorsSayWhereAndWhat(t *testing.T) {
	const keys = "any, byname, every, max_words, maybe, nested, pattern, quiet, share, small, words"
	for config, want := range map[string]string{
		`{"wrods": []}`:                 `config: unknown key "wrods"; did you mean words?; there are ` + keys,
		`{"Words": []}`:                 `config: unknown key "Words"; did you mean words?; there are ` + keys,
		`{"hidden": 1}`:                 `config: unknown key "hidden"; there are ` + keys,
		`{"nested": {"beez": 1}}`:       `config: unknown key "nested.beez"; did you mean bees?; there are bees`,
		`{"byname": {"leo": {"x": 1}}}`: `config: unknown key "byname.leo.x"; there are age`,
		`{"words": "a"}`:                `config: words: expected a list, found the string "a"`,
		`{"words": ["a", 1]}`:           `config: words[1]: expected a string, found the number 1`,
		`{"share": "0.5"}`:              `config: share: expected a number, found the string "0.5"; leave out the quotes`,
		`{"quiet": "yes"}`:              `config: quiet: expected true or false, found the string "yes"`,
		`{"quiet": "true"}`:             `config: quiet: expected true or false, found the string "true"; leave out the quotes`,
		`{"max_words": 1.5}`:            `config: max_words: expected a whole number, found the number 1.5`,
		`{"max_words": {}}`:             `config: max_words: expected a whole number, found a mapping`,
		`{"small": 300}`:                `config: small: expected a whole number, found number 300`,
		`{"every": 30}`:                 `config: every: expected a time such as 250ms, 30s or 5m, found the number 30`,
		`{"every": "30"}`:               `config: every: expected a time such as 250ms, 30s or 5m, found the string "30"`,
		`{"maybe": true}`:               `config: maybe: expected a whole number, found true`,
		`[]`:                            `config: expected a mapping, found a list`,
		`{} {}`:                         `config: there is more than one value`,
		`share: 1`:                      `config: it is no JSON: invalid character 's' looking for beginning of value`,
		`{"pattern": "("}`:              "config: error parsing regexp: missing closing ): `(`",
	} {
		if _, err := decodeConfig[sample]([]byte(config)); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", config, err, want)
		}
	}
	type lower struct{ words []string }
	if _, err := decodeConfig[lower]([]byte(`{"words": []}`)); err == nil || err.Error() != `config: unknown key "words"; there are none, for a field must begin with a capital letter to be one` {
		t.Errorf("got %v", err)
	}
	_ = lower{}.words
}
