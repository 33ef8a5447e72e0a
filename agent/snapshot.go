package agent

import (
	"context"

	"millwright/agent/status"
	"millwright/config"
	"millwright/internal/diskspace"
	"millwright/internal/ledger"
)

// StatusSource is where the status of the daemon with this configuration is read
// from, whether or not it runs. The ledger is open for reading at least.
func StatusSource(cfg *config.Config, led *ledger.Ledger) status.Source {
	d := &disk{state: cfg.StateDir, archives: outlying(cfg)}
	return status.Source{Config: cfg, Streams: Streams(cfg), Schedulers: pipes(cfg), Ledger: led, Disk: d.status(cfg)}
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
