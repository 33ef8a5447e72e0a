package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	gateway = "bin/millwright-agent" // what runs on gateways is measured with this one
	full    = "bin/millwright"
	warmUp  = 5 * time.Second
	idleFor = 30 * time.Second
	tick    = 10 * time.Millisecond // Linux counts CPU time in these
)

// idle runs the lean build's daemon on five empty drop folders.
func idle(ctx context.Context, _ *bench) (string, error) {
	if !has(ctx, gateway, "run") {
		return "", errNotHere
	}
	dir, err := os.MkdirTemp("", "millwright-idle-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	config, err := idleConfig(dir)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, gateway, "run", "--config", config)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none", "AWS_EC2_METADATA_DISABLED=true")
	if err := cmd.Start(); err != nil {
		return "", err
	}
	defer cmd.Wait()
	defer cmd.Process.Signal(syscall.SIGTERM)

	if err := pause(ctx, warmUp); err != nil {
		return "", err
	}
	before, err := cpuOf(cmd.Process.Pid)
	if err != nil {
		return "", fmt.Errorf("the daemon ended: %w", err)
	}
	if err := pause(ctx, idleFor); err != nil {
		return "", err
	}
	after, err := cpuOf(cmd.Process.Pid)
	if err != nil {
		return "", fmt.Errorf("the daemon ended: %w", err)
	}
	resident, err := residentOf(cmd.Process.Pid)
	if err != nil {
		return "", err
	}
	share := 100 * float64(after-before) / float64(idleFor)
	return fmt.Sprintf("%s, %.3f %% of a core", mib(resident), share), nil
}

func idleConfig(dir string) (path string, err error) {
	var folders []any
	for i := range 5 {
		drop := filepath.Join(dir, "drop"+strconv.Itoa(i))
		if err := os.Mkdir(drop, 0o755); err != nil {
			return "", err
		}
		folders = append(folders, map[string]any{"path": drop, "component": "pump"})
	}
	text, err := json.Marshal(map[string]any{
		"state_dir": filepath.Join(dir, "state"),
		"s3":        map[string]any{"region": "plant-1", "endpoint": "http://127.0.0.1:9", "path_style": true},
		"limits":    map[string]any{"free": "64MiB"},
		"drops":     folders,
		"schedulers": []any{map[string]any{
			"name": "pump", "components": []string{"pump"},
			"data_upload_frequency": "PT5M", "target_sampling_rate": "PT1M", "data_delay_offset_in_minutes": 2,
			"input": map[string]any{"bucket": "plant", "prefix": "in/"}, "output": map[string]any{"bucket": "plant", "prefix": "out/"},
		}},
	})
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "agent.yaml")
	return path, os.WriteFile(path, text, 0o600)
}

// cpuOf is the user and system time of a process.
func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name, in parentheses, may hold anything; 12 fields later are the times.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err
}

// residentOf is the resident set of a process now, in bytes.
func residentOf(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
