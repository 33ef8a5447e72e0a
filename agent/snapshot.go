package agent

import (
	"context"

	"millwright/agent/status"
	"millwright/config"
	"millwright/ingest/seal"
	"millwright/internal/diskspace"
	"millwright/internal/ledger"
	"millwright/internal/window"
)

// StatusSource is where the status of the daemon with this configuration is read
// from, whether or not it runs. The ledger is open for reading at least.
func StatusSource(cfg *config.Config, led *ledger.Ledger) status.Source {
	d := &disk{state: cfg.StateDir}
	for _, r := range archives(cfg) {
		if outside(cfg.StateDir, r.dir) {
			d.archives = append(d.archives, r.dir)
		}
	}
	return status.Source{Config: cfg, Streams: Streams(cfg), Schedulers: pipes(cfg), Ledger: led, Disk: d.status(cfg)}
}

// pipes gives every scheduler with the streams behind its components, which are
// another one's where the keys are the same.
func pipes(cfg *config.Config) []status.Pipe {
	writers := map[string]seal.Stream{}
	key := func(bucket string, n window.Naming, component string) string {
		return bucket + "\x00" + n.Key(component, 0)
	}
	for _, st := range Streams(cfg) {
		writers[key(st.Bucket, st.Naming, st.Component)] = st
	}
	var out []status.Pipe
	for i := range cfg.Schedulers {
		s := &cfg.Schedulers[i]
		p := status.Pipe{Name: s.Name, Cadence: s.Cadence()}
		for _, component := range s.Components {
			p.Streams = append(p.Streams, writers[key(s.Input.Bucket, s.Naming(), component)])
		}
		out = append(out, p)
	}
	return out
}

// status measures for people; what was measured lately is good enough.
func (d *disk) status(cfg *config.Config) func(context.Context) (status.Disk, error) {
	return func(ctx context.Context) (status.Disk, error) {
		used, err := d.measure(ctx, false)
		if err != nil {
			return status.Disk{}, err
		}
		total, avail, err := diskspace.Room(d.state)
		if err != nil {
			return status.Disk{}, err
		}
		return status.Disk{
			Used: used, Quota: cfg.Limits.State.Of(total), Free: avail, Keep: cfg.Limits.Free.Of(total), Total: total,
		}, nil
	}
}
