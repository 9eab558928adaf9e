package safetext

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

func TestJSONIsSafeAndSaysTheSame(t *testing.T) {
	for _, tt := range textTests {
		checkJSON(t, tt.in)
	}
	for _, tt := range ordinaryTests {
		if got := checkJSON(t, tt.s); strings.Contains(got, `\u`) {
			t.Errorf("%s: got %s, want it as it is", tt.name, got)
		}
	}
	checkJSON(t, `"quotes\" and \\`+"\u009b")
}

func TestJSONEscapesOnlyWhatIsNotSafe(t *testing.T) {
	got := string(JSON([]byte("{\"größe\": 1, \"a\u202eb\": [\"\u009b\\\"\u007f\", \"👍\", \"👍\u2028\"]}")))
	want := `{"größe": 1, "a\u202eb": ["\u009b\"\u007f", "👍", "\ud83d\udc4d\u2028"]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzJSON(f *testing.F) {
	for _, tt := range textTests {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) { checkJSON(t, s) })
}

// checkJSON checks everything that holds for every text, and returns its JSON.
func checkJSON(t *testing.T, s string) string {
	t.Helper()
	doc, err := json.Marshal([]string{s, "after"})
	if err != nil {
		t.Fatal(err)
	}
	safe := JSON(doc)
	if got := string(safe); Text(got) != got || strings.ContainsFunc(got, unicode.IsControl) {
		t.Fatalf("%+q became %+q, which is not safe", s, got)
	}
	var before, after []string
	if err := json.Unmarshal(doc, &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(safe, &after); err != nil {
		t.Fatalf("%+q became %s: %v", s, safe, err)
	}
	if len(after) != 2 || after[0] != before[0] || after[1] != before[1] {
		t.Fatalf("%+q became %s, which says %+q", s, safe, after)
	}
	return string(safe)
}
