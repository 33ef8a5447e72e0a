package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"

	"millwright/internal/executions"
	"millwright/internal/objstore"
)

// served is the service in a process of its own, and its clients.
type served struct {
	cmd   *exec.Cmd
	store *objstore.Client
	api   *objstore.Neighbour
	began time.Time // when it answered
}

const (
	keptBucket = "past" // what is ingested; kept between figures
	liveBucket = "live"
	servedBy   = "plant-1" // the region
	soon       = 100 * time.Millisecond
	stopping   = time.Minute
)

// m is a structure of the API.
type m = map[string]any

// serviceDir is where the service has everything.
func (b *bench) serviceDir() string { return filepath.Join(b.dir, "service") }

// fresh forgets what a service did before, but not its key nor the bucket that is kept.
func (b *bench) fresh() error {
	b.settled = time.Time{}
	keep := map[string]bool{"s3": true, "credentials": true, "s3/objects": true, "s3/attributes": true, "s3/objects/" + keptBucket: true, "s3/attributes/" + keptBucket: true}
	var all error
	for _, below := range []string{"", "s3", "s3/objects", "s3/attributes"} {
		list, err := os.ReadDir(filepath.Join(b.serviceDir(), below))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, e := range list {
			if path := filepath.Join(below, e.Name()); !keep[filepath.ToSlash(path)] {
				all = errors.Join(all, os.RemoveAll(filepath.Join(b.serviceDir(), path)))
			}
		}
	}
	return all
}

// serve starts the service, with a clock of its own if rehearse says so.
func (b *bench) serve(ctx context.Context, rehearse string) (*served, error) {
	dir := b.serviceDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("data_dir: %q\nlisten: 127.0.0.1:0\ns3_listen: 127.0.0.1:0\ncatch_up: 240h\nquotas: {datasets: 100, models: 1000, dataset: 1000GB}\nlog: {level: warn}\n", dir)
	config := filepath.Join(b.dir, "serve.yaml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	said, err := os.Create(filepath.Join(b.dir, "serve.log"))
	if err != nil {
		return nil, err
	}
	defer said.Close() // the process has its own
	args := []string{"serve", "--config", config}
	if rehearse != "" {
		args = append(args, "--rehearse", rehearse)
	}
	s := &served{cmd: exec.Command(full, args...)}
	s.cmd.Stderr = said
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	if err := s.clients(ctx, out); err != nil {
		_, stopErr := s.stop()
		return nil, errors.Join(fmt.Errorf("the service does not begin, see %s: %w", said.Name(), err), stopErr)
	}
	s.began = time.Now()
	return s, nil
}

// clients reads where the service is.
func (s *served) clients(ctx context.Context, out io.Reader) error {
	at := map[string]string{}
	lines := bufio.NewScanner(out)
	for at["credentials"] == "" && lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) > 1 {
			at[words[0]] = words[1]
		}
	}
	if at["credentials"] == "" {
		return errors.Join(errors.New("it says no credentials"), lines.Err())
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // until the process ends
	var err error
	s.store, err = objstore.New(ctx, objstore.Settings{Region: servedBy, Endpoint: at["S3"], PathStyle: true, CredentialsFile: at["credentials"]}, zap.NewNop())
	if err == nil {
		s.api, err = s.store.Neighbour(at["API"], executions.Service, servedBy)
	}
	if err != nil {
		return err
	}
	return errors.Join(s.store.CreateBucket(ctx, keptBucket), s.store.CreateBucket(ctx, liveBucket))
}

// stop ends the service and tells what it took.
func (s *served) stop() (cost, error) {
	if s.cmd.ProcessState != nil {
		return cost{}, nil
	}
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(stopping, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	err = errors.Join(err, s.cmd.Wait())
	c := cost{wall: time.Since(s.began), cpu: s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()}
	if usage, ok := s.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.resident = usage.Maxrss * 1024
	}
	return c, err
}

// cpu is what the service has taken so far.
func (s *served) cpu() (time.Duration, error) { return cpuOf(s.cmd.Process.Pid) }

// call asks the service as any client would.
func (s *served) call(ctx context.Context, operation string, in m, out any) error {
	return executions.Do(ctx, s.api, operation, in, out)
}

// status is what an operation that describes something says of it.
type status struct {
	executions.Outcome
	IngestedDataSize      int64
	ActiveModelVersionArn string
	CreatedAt             float64
}

// succeeds waits for the end of what was begun, which has to be a good one.
func (s *served) succeeds(ctx context.Context, operation string, in m) (status, error) {
	return executions.Await[status](ctx, s.api, operation, in, soon)
}
