package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Drops of 50 KB, each of them the rows of one window.
const (
	absorbFiles      = 12
	absorbRows       = 300
	absorbSensors    = 18
	absorbTimeout    = 3 * time.Minute
	absorbFirstStart = "2026-01-02T00:00:00Z@1"
	absorbStart      = "2026-01-02T01:01:30Z@1"
)

func (b *bench) absorbComponents() int { return max(1, b.drops/absorbFiles) }

// manyDrops makes the drops, unless they are there.
func (b *bench) manyDrops() (dir string, err error) {
	dir = filepath.Join(b.dir, fmt.Sprintf("drops-%d", b.absorbComponents()))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	part := dir + ".part"
	rng := rand.New(rand.NewPCG(3, 4))
	settled := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for c := range b.absorbComponents() {
		folder := filepath.Join(part, fmt.Sprintf("c%04d", c))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return "", err
		}
		for f := range absorbFiles {
			path := filepath.Join(folder, fmt.Sprintf("%02d.csv", f))
			if err := writeDrop(path, rng, f); err != nil {
				return "", err
			}
			at := settled.Add(time.Duration(c*absorbFiles+f) * time.Second)
			if err := os.Chtimes(path, at, at); err != nil {
				return "", err
			}
		}
	}
	return dir, os.Rename(part, dir)
}

func writeDrop(path string, rng *rand.Rand, window int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	row := []byte("timestamp")
	var walk [absorbSensors]float64
	for i := range walk {
		walk[i] = 1000 * rng.Float64()
		row = fmt.Appendf(row, ",s%03d", i+1)
	}
	at := time.Date(2026, 1, 2, 0, 5*window, 0, 0, time.UTC)
	for range absorbRows {
		if _, err := w.Write(append(row, '\n')); err != nil {
			return err
		}
		at = at.Add(time.Second)
		row = at.AppendFormat(row[:0], "2006-01-02T15:04:05.000")
		for i := range walk {
			walk[i] += rng.NormFloat64()
			row = strconv.AppendFloat(append(row, ','), walk[i], 'f', 3+i%4, 64)
		}
	}
	if _, err := w.Write(append(row, '\n')); err != nil {
		return err
	}
	return w.Flush()
}

// absorb lets the lean build's daemon find all drops at its start and measures
// until the last of their windows is in the bucket.
func absorb(ctx context.Context, b *bench) (string, error) {
	if !has(ctx, gateway, "run") {
		return "", errNotHere
	}
	drops, err := b.manyDrops()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(b.dir, "absorb-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	s, err := startSink()
	if err != nil {
		return "", err
	}
	defer s.close()
	folder := filepath.Join(dir, "drops")
	config, err := b.absorbConfig(dir, folder, s.url)
	if err != nil {
		return "", err
	}
	// An earlier start, so that no row is older than the agent.
	if err := os.Mkdir(folder, 0o755); err != nil {
		return "", err
	}
	first, err := startGateway(ctx, config, absorbFirstStart)
	if err != nil {
		return "", err
	}
	err = pause(ctx, 2*time.Second)
	stop(first)
	if err != nil {
		return "", err
	}
	if err := os.Remove(folder); err != nil {
		return "", err
	}
	if err := os.Rename(drops, folder); err != nil {
		return "", err
	}
	defer os.Rename(folder, drops)

	if err := warm(folder); err != nil {
		return "", err
	}
	begun := time.Now()
	cmd, err := startGateway(ctx, config, absorbStart)
	if err != nil {
		return "", err
	}
	defer stop(cmd)
	n := b.absorbComponents() * absorbFiles
	if err := s.holds(ctx, n); err != nil {
		return "", err
	}
	wall := time.Since(begun)
	cpu, err := cpuOf(cmd.Process.Pid)
	if err != nil {
		return "", fmt.Errorf("the daemon ended: %w", err)
	}
	peak, err := peakOf(cmd.Process.Pid)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.0f/s, %.2f ms of CPU each, peak %s", float64(n)/wall.Seconds(), cpu.Seconds()*1e3/float64(n), mib(peak)), nil
}

// warm reads all files, so that whoever is measured first does not read them
// from the disk for the one after it.
func warm(dir string) error {
	buf := make([]byte, 1<<20)
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, f, buf)
		return err
	})
}

func (b *bench) absorbConfig(dir, folder, endpoint string) (string, error) {
	components := make([]string, b.absorbComponents())
	for i := range components {
		components[i] = fmt.Sprintf("c%04d", i)
	}
	text, err := json.Marshal(map[string]any{
		"instance":  "bench",
		"state_dir": filepath.Join(dir, "state"),
		"s3":        map[string]any{"region": "plant-1", "endpoint": endpoint, "path_style": true},
		"limits":    map[string]any{"free": "64MiB"},
		"drops":     []any{map[string]any{"path": folder, "after": "keep"}},
		"schedulers": []any{map[string]any{
			"name": "plant", "components": components,
			"data_upload_frequency": "PT5M", "target_sampling_rate": "PT1S", "data_delay_offset_in_minutes": 60,
			"input": map[string]any{"bucket": "plant", "prefix": "in/"}, "output": map[string]any{"bucket": "plant", "prefix": "out/"},
		}},
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "agent.yaml")
	return path, os.WriteFile(path, text, 0o600)
}

func startGateway(ctx context.Context, config, rehearse string) (*exec.Cmd, error) {
	cmd := exec.CommandContext(ctx, gateway, "run", "--config", config, "--rehearse", rehearse)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none", "AWS_EC2_METADATA_DISABLED=true")
	return cmd, cmd.Start()
}

func stop(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
}

// holds waits until there are n objects.
func (s *sink) holds(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, absorbTimeout)
	defer cancel()
	have := 0
	for have < n {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d objects came: %w", have, n, ctx.Err())
		case have = <-s.count:
		}
	}
	return nil
}

// absorbPeer has s5cmd put the same drops as they are.
func absorbPeer(ctx context.Context, b *bench) (string, error) {
	if _, err := exec.LookPath("s5cmd"); err != nil {
		return "", errNotHere
	}
	drops, err := b.manyDrops()
	if err != nil {
		return "", err
	}
	s, err := startSink()
	if err != nil {
		return "", err
	}
	defer s.close()
	cmd := exec.CommandContext(ctx, "s5cmd", "--endpoint-url", s.url, "--log", "error", "cp", drops+"/", "s3://plant/in/")
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none", "AWS_REGION=plant-1", "AWS_EC2_METADATA_DISABLED=true")
	if err := warm(drops); err != nil {
		return "", err
	}
	begun := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("s5cmd: %w: %s", err, out)
	}
	n := float64(b.absorbComponents() * absorbFiles)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return fmt.Sprintf("%.0f/s, %.2f ms of CPU each", n/time.Since(begun).Seconds(), cpu.Seconds()*1e3/n), nil
}

// peakOf is the largest resident set that a process had, in bytes.
func peakOf(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	return kib << 10, err
}
