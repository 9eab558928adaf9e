package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestTheTableIsCurrent(t *testing.T) {
	data, err := os.ReadFile("confusables.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../confusables.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("confusables.go is not what gen makes of confusables.txt; run go generate in internal/names")
	}
}

func TestWhatIsNoTableIsRefused(t *testing.T) {
	const head = "# Version: 1\n"
	for _, text := range []string{
		"", head, "0041 ; 0042 ; MA", head + "0041 ; 0042", head + "0041 0042 ; 0043 ; MA", head + "x ; 0043 ; MA",
		head + "0041 ; ; MA", head + "0061 ; 0062 ; MA\n0062 ; 0061 ; MA",
	} {
		if _, err := generate(strings.NewReader(text)); err == nil {
			t.Errorf("%q: got no error, want one", text)
		}
	}
}
