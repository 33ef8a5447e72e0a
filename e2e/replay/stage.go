package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stage stands in for a test: the harness tells what goes wrong to one.
type stage struct {
	testing.TB // none; methods that are not below are not used

	ctx      context.Context
	name     string
	dir      string
	cleanups []func()
	faults   []string
}

// fatal ends the work on one stage.
type fatal struct{}

// on runs do on a stage of its own and gives what went wrong.
func on(ctx context.Context, name string, do func(*stage)) (faults []string) {
	dir, err := os.MkdirTemp("", "millwright-replay-")
	if err != nil {
		return []string{err.Error()}
	}
	s := &stage{ctx: ctx, name: name, dir: dir}
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(fatal); !ours {
				panic(r)
			}
		}
		for _, f := range slices.Backward(s.cleanups) {
			f()
		}
		if len(s.faults) == 0 {
			os.RemoveAll(dir)
		} else {
			s.note("what it left behind is in %s", dir)
		}
		faults = s.faults
	}()
	do(s)
	return nil
}

func (s *stage) Helper()                  {}
func (s *stage) Name() string             { return s.name }
func (s *stage) Context() context.Context { return s.ctx }
func (s *stage) Cleanup(f func())         { s.cleanups = append(s.cleanups, f) }
func (s *stage) Failed() bool             { return len(s.faults) > 0 }

func (s *stage) TempDir() string {
	dir, err := os.MkdirTemp(s.dir, "")
	if err != nil {
		s.Fatal(err)
	}
	return dir
}

func (s *stage) Error(args ...any) {
	s.faults = append(s.faults, strings.TrimSpace(fmt.Sprintln(args...)))
}

func (s *stage) Errorf(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

func (s *stage) Fatal(args ...any) {
	s.Error(args...)
	panic(fatal{})
}

func (s *stage) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	panic(fatal{})
}

// Logf is for what only matters when a test fails; note is for people.
func (s *stage) Logf(string, ...any) {}

func (s *stage) note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", s.name, fmt.Sprintf(format, args...))
}

// file writes a file below the stage's folder.
func (s *stage) file(name string, content []byte) string {
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		s.Fatal(err)
	}
	return path
}
