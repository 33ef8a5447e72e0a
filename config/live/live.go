// Package live checks a loaded configuration against this machine and the
// store: folders, rights, room on disk, buckets and the clock. Apart from probe
// files and objects that it removes again it changes nothing, and it repairs
// nothing.
package live

import (
	"context"
	"os"

	"millwright/config"
)

// Report is what was found. With faults the agent would not work; with warnings
// it would, but not as somebody might think.
type Report struct {
	Faults   []config.Fault
	Warnings []config.Fault

	cfg *config.Config
}

func (r *Report) fault(key, problem, remedy string) {
	r.Faults = append(r.Faults, r.cfg.At(key, problem, remedy))
}

func (r *Report) warn(key, problem, remedy string) {
	r.Warnings = append(r.Warnings, r.cfg.At(key, problem, remedy))
}

// Machine checks folders, files and room on disk.
func Machine(ctx context.Context, cfg *config.Config) Report {
	r := Report{cfg: cfg}
	if os.Geteuid() == 0 {
		r.warn("", "checked as root, who may do everything", "run it as the user of the service, such as 'sudo -u millwright millwright config check'")
	}
	r.stateDir(ctx)
	for i := range cfg.Drops {
		r.drop(ctx, i, &cfg.Drops[i])
	}
	for i := range cfg.Sinks {
		r.sink(i, &cfg.Sinks[i])
	}
	r.certificates("s3.ca_file", cfg.S3.CAFile)
	return r
}
