package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What is generated is what the contract says.
func TestTheGeneratedCodeIsCurrent(t *testing.T) {
	files, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 {
		t.Errorf("%d files were generated, want 2", len(files))
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is not what plugin.proto says: run go generate ./plugins/pluginpb", name)
		}
	}
}
