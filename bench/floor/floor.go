// Package floor holds the floor that famchatd is measured against, the cheapest
// program that copies the bytes of one socket to all sockets (floor.c), and
// compiles it. It knows nothing of measuring, nor of the daemon.
package floor

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed floor.c
var source []byte

// ErrNoCompiler says that there is no C compiler to compile the floor with.
var ErrNoCompiler = errors.New("no C compiler: install one, or set CC to yours")

// Build compiles the floor into folder with the C compiler CC, or cc, at -O2 and
// returns the path of the executable. It runs on Linux only.
func Build(ctx context.Context, folder string) (string, error) {
	compiler := os.Getenv("CC")
	if compiler == "" {
		compiler = "cc"
	}
	if _, err := exec.LookPath(compiler); err != nil {
		return "", fmt.Errorf("compiling the floor with %q: %w", compiler, ErrNoCompiler)
	}
	file := filepath.Join(folder, "floor.c")
	if err := os.WriteFile(file, source, 0o600); err != nil {
		return "", fmt.Errorf("compiling the floor: %w", err)
	}
	program := filepath.Join(folder, "famchat-floor")
	cmd := exec.CommandContext(ctx, compiler, "-O2", "-std=gnu11", "-Wall", "-Wextra", "-o", program, file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling the floor: %w\n%s", err, out)
	}
	return program, nil
}
