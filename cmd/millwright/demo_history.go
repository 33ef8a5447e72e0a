//go:build !agent

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"millwright/internal/simulate"
)

func newDemoHistoryCommand() *cobra.Command {
	var h simulate.History
	cmd := &cobra.Command{
		Use:   "history DIR",
		Short: "Write a simulated plant's past, to train on",
		Long: `Write the CSV files of a simulated pump and its motor, a row a minute: DIR/history to
learn from, DIR/new to judge the result by, and DIR/labels.csv with the times of the
faults in both. DIR must be new or empty.`,
		Example: `  millwright demo history plant`,
		Args:    wants(1, 1, "the folder to write"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if h.Weeks < 2 || h.Weeks > 104 {
				return exit(exitUsage, fmt.Errorf("--weeks %d: it goes from 2 to 104", h.Weeks))
			}
			dir, err := demoDir(args[0])
			if err != nil {
				return err
			}
			if err := h.Write(dir); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%[1]s/history, %[1]s/new and %[1]s/labels.csv are written\n", args[0])
			return err
		},
	}
	cmd.Flags().IntVar(&h.Weeks, "weeks", 4, "weeks to learn from; half as many follow in DIR/new")
	cmd.Flags().Uint64Var(&h.Seed, "seed", 0, "of the plant")
	return cmd
}
