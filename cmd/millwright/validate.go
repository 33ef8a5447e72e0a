package main

import (
	"context"
	"io"
	"math"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"millwright/config"
	"millwright/validate"
)

// validateArgs are the flags of `validate` as typed.
type validateArgs struct {
	config, arrival string
	json            bool
	jobs            int
}

func newValidateCommand() *cobra.Command {
	var a validateArgs
	cmd := &cobra.Command{
		Use:   "validate [--config FILE] PATH...",
		Short: "Say what is wrong with sensor files, and what each wake-up would see of them",
		Long: `Looks into files, or folders with all that is below them. Nothing is written or sent.

Of each file it tells how it is written, what its columns are called, and what in it
cannot be used; of each sensor how good its data is to train with. With a configuration
it reads files as the daemon would, and tells for every wake-up of each scheduler which
rows are there in time, what is late or missing, and which delay offset or frequency
cures it.

A file is taken to arrive with its last row; the settle time of its drop folder is added.
A file that grows is taken to arrive once, at its end.

The exit code is 3 when a file has faults, a clash of names or no usable row, or when
rows are late or missing. Grades alone do not count.`,
		Example: `  millwright validate /srv/export
  millwright validate --config /etc/millwright/millwright.yaml --arrival +5m /srv/drop
  millwright validate --json january.csv | jq '.components[].sensors[] | select(.grade != "High")'`,
		Args: wants(1, math.MaxInt, "the PATH of a file or folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&a.config, "config", "", "configuration `FILE`: its drop folders' settings, and wake-ups of its schedulers")
	f.StringVar(&a.arrival, "arrival", "", "when files arrive: mtime, or +`DURATION` after their last row (default +0s)")
	f.BoolVar(&a.json, "json", false, "print one JSON document")
	f.IntVar(&a.jobs, "jobs", runtime.NumCPU(), "files, or parts of one, that are read at a time")
	return cmd
}

func (a validateArgs) run(ctx context.Context, paths []string, stdout, stderr io.Writer) error {
	arrival, err := validate.ParseArrival(a.arrival)
	if err != nil {
		return exit(exitUsage, err)
	}
	var cfg *config.Config
	if a.config != "" {
		if cfg, err = loadConfig(a.config, stderr); err != nil {
			return err
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(resampleGCPercent))
	in, finished := &source{}, func() {}
	report, err := validate.Run(ctx, validate.Options{
		Config: cfg, Arrival: arrival, Jobs: a.jobs,
		Read: func(n int64) { in.read.Add(n) },
		Total: func(n int64) {
			in.size = n
			finished = showProgress(stderr, in)
		},
	}, paths)
	finished()
	if report == nil {
		return exit(exitFailed, err)
	}
	absent := err
	if a.json {
		err = sayJSON(stdout, report)
	} else {
		err = report.Text(stdout)
	}
	switch {
	case err != nil:
		return err
	case absent != nil:
		return exit(exitFailed, absent)
	case !report.Clean:
		return exit(exitData, nil)
	}
	return nil
}
