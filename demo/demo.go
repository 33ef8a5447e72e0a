//go:build !agent

// Package demo runs the whole loop on one machine with nothing configured: a
// simulated pump drops CSV files, the agent takes them, and an embedded S3
// server holds the bucket. It is for looking at; nothing else depends on it.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/agent"
	"millwright/config"
	"millwright/internal/atomicfile"
	"millwright/internal/clock"
	"millwright/internal/objstore"
	"millwright/internal/s3server"
	"millwright/internal/simulate"
)

// Options of a run.
type Options struct {
	Dir   string        // everything is below it, absolute
	Speed float64       // plant seconds per second
	For   time.Duration // plant time
	Log   *zap.Logger   // the agent's
	Out   io.Writer     // what happens, for people
}

const bucket = "plant"

// begin is the plant's first moment; any would do.
func begin() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

// Run plays until For has passed or ctx ends, then waits for the last windows
// and lists the bucket.
func Run(ctx context.Context, o Options) error {
	d, err := setUp(ctx, o)
	if err != nil {
		return err
	}
	defer d.server.Close()
	fmt.Fprintf(o.Out, "plant     %s at %gx for %s, from %s\n", "pump-7 and motor-7, one row a second", o.Speed, o.For, begin().Format(time.RFC3339))
	fmt.Fprintf(o.Out, "drops     %s\n", d.drops)
	fmt.Fprintf(o.Out, "bucket    s3://%s at %s (keys: %s)\n", bucket, d.server.Endpoint, d.credentials)
	fmt.Fprintf(o.Out, "agent     %s\n\n", d.config)
	return d.play(ctx, o)
}

// stage is what a run has set up.
type stage struct {
	drops, config, credentials string

	server *s3server.Server
	store  *objstore.Client
	agent  *agent.Agent
	clock  *clock.Rehearsal
	plant  *simulate.Logger
}

func setUp(ctx context.Context, o Options) (*stage, error) {
	d := &stage{drops: filepath.Join(o.Dir, "drop"), config: filepath.Join(o.Dir, "millwright.yaml"), credentials: filepath.Join(o.Dir, "credentials")}
	for _, name := range simulate.Components() {
		if err := os.MkdirAll(filepath.Join(d.drops, name), 0o750); err != nil {
			return nil, fmt.Errorf("make the drop folder: %w", err)
		}
	}
	access, secret := rand.Text()[:20], rand.Text()
	keys := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", access, secret)
	if err := atomicfile.Write(d.credentials, []byte(keys), 0o600); err != nil {
		return nil, err
	}
	var err error
	d.server, err = s3server.Start(ctx, s3server.Options{Dir: filepath.Join(o.Dir, "s3"), AccessKey: access, SecretKey: secret})
	if err != nil {
		return nil, err
	}
	if err := d.wire(ctx, o); err != nil {
		return nil, errors.Join(err, d.server.Close())
	}
	return d, nil
}

func (d *stage) wire(ctx context.Context, o Options) error {
	text := settings(o.Dir, d.drops, d.server.Endpoint)
	if err := atomicfile.Write(d.config, []byte(text), 0o640); err != nil {
		return err
	}
	cfg, _, err := config.Load(d.config)
	if err != nil {
		return err
	}
	set := agent.Store(cfg)
	set.CredentialsFile = d.credentials
	if d.store, err = objstore.New(ctx, set, o.Log); err != nil {
		return err
	}
	if err := d.store.CreateBucket(ctx, bucket); err != nil {
		return err
	}
	d.clock = clock.NewRehearsal(begin(), o.Speed)
	d.agent = agent.New(cfg, d.clock, o.Log)
	d.agent.CredentialsFile = d.credentials
	d.plant = &simulate.Logger{Plant: simulate.New(simulate.Options{}), Dir: d.drops}
	return nil
}

// settings is the agent's configuration for the run.
func settings(dir, drops, endpoint string) string {
	return fmt.Sprintf(`# written by 'millwright demo'; a configuration of your own begins with 'millwright config init'
instance: demo
state_dir: %q
s3: {endpoint: %q, path_style: true}
drops:
  - path: %q
    complete: {rule: rename}
schedulers:
  - name: pump-7
    components: [pump-7, motor-7]
    data_upload_frequency: PT5M
    data_delay_offset_in_minutes: 2
    target_sampling_rate: PT1M
    input: {bucket: %s, prefix: in/, component_timestamp_delimiter: "_"}
    output: {bucket: %s, prefix: out/}
`, filepath.Join(dir, "state"), endpoint, drops, bucket, bucket)
}

// play runs plant and agent side by side. The plant stops first, so that its
// last windows still come through.
func (d *stage) play(ctx context.Context, o Options) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	dropping, last := context.WithCancel(running)
	defer last()
	var wg sync.WaitGroup
	var failed [2]error
	wg.Go(func() { failed[0] = quiet(d.agent.Run(running)); stop() })
	wg.Go(func() { failed[1] = quiet(d.plant.Run(dropping, d.clock)) })

	w := &watcher{store: d.store, out: o.Out, seen: map[string]bool{}}
	end := begin().Add(o.For)
	w.follow(running, d.clock, end)
	last()
	w.follow(running, d.clock, end.Add(3*time.Minute)) // delay offset and a little more
	stop()
	wg.Wait()
	if err := errors.Join(failed[0], failed[1]); err != nil {
		return err
	}
	return w.list(context.WithoutCancel(ctx), d)
}

// quiet drops the errors of a stop that was asked for.
func quiet(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
