package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// cost is what a command took.
type cost struct {
	wall, cpu time.Duration
	resident  int64 // peak, bytes
}

// spend runs a command to its end. Its output counts for nothing unless it fails.
func spend(ctx context.Context, name string, args ...string) (cost, error) {
	if strings.Contains(name, "/") {
		if _, err := os.Stat(name); err != nil {
			return cost{}, errNotHere
		}
	} else if _, err := exec.LookPath(name); err != nil {
		return cost{}, errNotHere
	}
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	begun := time.Now()
	err := cmd.Run()
	wall := time.Since(begun)
	if err != nil {
		first, _, _ := strings.Cut(stderr.String(), "\n")
		return cost{}, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, first)
	}
	c := cost{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.resident = usage.Maxrss * 1024
	}
	return c, nil
}

// best runs a command three times and keeps the quickest.
func best(ctx context.Context, name string, args ...string) (cost, error) {
	var quickest cost
	for i := range 3 {
		c, err := spend(ctx, name, args...)
		if err != nil {
			return c, err
		}
		if i == 0 || c.wall < quickest.wall {
			quickest = c
		}
	}
	return quickest, nil
}

// has tells whether a binary has a verb.
func has(ctx context.Context, binary, verb string) bool {
	out, err := exec.CommandContext(ctx, binary, "help").Output()
	return err == nil && bytes.Contains(out, []byte("\n  "+verb+" "))
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func sizeOf(path string) func(context.Context, *bench) (string, error) {
	return func(context.Context, *bench) (string, error) {
		info, err := os.Stat(path)
		if err != nil {
			return "", errNotHere
		}
		return fmt.Sprintf("%.1f MB", float64(info.Size())/1e6), nil
	}
}

// startOf is the peak of a process that does nothing but say its version.
func startOf(path string) func(context.Context, *bench) (string, error) {
	return func(ctx context.Context, _ *bench) (string, error) {
		c, err := best(ctx, path, "version")
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%.1f MB in %s", float64(c.resident)/1e6, c.wall.Round(time.Millisecond)), nil
	}
}
