//go:build !agent

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"millwright/demo"
)

func newDemoCommand() *cobra.Command {
	var o demo.Options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole loop on this machine, with nothing configured",
		Long: `Run the whole loop on this machine, with nothing configured: a simulated pump and its
motor drop CSV files, the agent cuts them into windows, and an embedded S3 server holds
the bucket. At the end the windows are listed and everything stays in the folder.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Speed < 1 || o.Speed > 120 {
				return exit(exitUsage, fmt.Errorf("--speed %g: it goes from 1 to 120; beyond that the wake-ups come faster than files can be written", o.Speed))
			}
			dir, err := demoDir(o.Dir)
			if err != nil {
				return err
			}
			log, err := os.OpenFile(filepath.Join(dir, "agent.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
			if err != nil {
				return err
			}
			defer log.Close()
			o.Dir, o.Out, o.Log = dir, cmd.OutOrStdout(), newLogger("info", "console", log)
			return errors.Join(demo.Run(cmd.Context(), o), log.Sync())
		},
	}
	cmd.AddCommand(newDemoHistoryCommand())
	cmd.Flags().Float64Var(&o.Speed, "speed", 60, "plant seconds per second, 1 to 120")
	cmd.Flags().DurationVar(&o.For, "for", 20*time.Minute, "how long the plant runs, in its own time")
	cmd.Flags().StringVar(&o.Dir, "dir", "", "keep everything in `DIR` (default: a new folder below the system's temporary one)")
	return cmd
}

// demoDir makes the run's folder, which must be new: an old run's ledger would
// know of windows that the new bucket has not.
func demoDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "millwright-demo-")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return "", errors.Join(exit(exitUsage, fmt.Errorf("%s is not empty: name a new folder", dir)), err)
	}
	return dir, nil
}
