//go:build !agent

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"millwright/demo"
)

func newDemoCommand() *cobra.Command {
	var o demo.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole loop on this machine, with nothing configured",
		Long: `Run the whole loop on this machine, with nothing configured: a simulated pump
and its motor have a past that the inference service learns from; then they drop
CSV files, the agent cuts them into windows and uploads them, the service scores
each window, and the agent fetches the results. A bearing of the pump wears out
until it fails. What the agent is told of that is printed, with the sensors to
blame. Everything stays in the folder.`,
		Example: `  millwright demo
  millwright demo --dir plant --stay`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Speed < 1 || o.Speed > 7200 {
				return exit(exitUsage, fmt.Errorf("--speed %g: it goes from 1 to 7200", o.Speed))
			}
			if o.For < 0 {
				return exit(exitUsage, fmt.Errorf("--for %s: it is a length of time, such as 12h", o.For))
			}
			if cmd.Flags().Changed("dir") && o.Dir == "" {
				return exit(exitUsage, errors.New("--dir is given and empty: name a folder, or leave it out"))
			}
			dir, err := demoDir(o.Dir)
			if err != nil {
				return err
			}
			log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
			if err != nil {
				return err
			}
			defer log.Close()
			o.Dir, o.Out, o.Log = dir, cmd.OutOrStdout(), newLogger("info", "console", log)
			o.Blocks = sparksFor(os.Getenv)[0] == '▁'
			if asJSON {
				o.Out = io.Discard
			}
			found, err := demo.Run(cmd.Context(), o)
			if asJSON && found != nil {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				err = errors.Join(err, enc.Encode(found))
			}
			return errors.Join(err, log.Sync())
		},
	}
	cmd.AddCommand(newDemoHistoryCommand())
	cmd.Flags().Float64Var(&o.Speed, "speed", 1800, "`N` plant seconds a second, 1 to 7200")
	cmd.Flags().DurationVar(&o.For, "for", 0, "`TIME` of the plant to end after (default: the failure)")
	cmd.Flags().StringVar(&o.Dir, "dir", "", "keep everything in `DIR` (default: a temporary folder)")
	cmd.Flags().BoolVar(&o.Stay, "stay", false, "go on after the end until Ctrl-C, for the page")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print nothing but what was found, as JSON")
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
