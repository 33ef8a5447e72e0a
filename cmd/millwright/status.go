package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"millwright/agent"
	"millwright/agent/status"
	"millwright/internal/diskspace"
	"millwright/internal/ledger"
)

func newStatusCommand() *cobra.Command {
	v := &statusVerb{}
	cmd := &cobra.Command{
		Use:   "status --config FILE",
		Short: "Tell what the daemon is doing, from its ledger",
		Long: `Tell what the daemon is doing: per scheduler the last and the next window, what waits
for the bucket, how old it is, and what needs attention with the remedy. It reads the
ledger, so it works beside a running daemon and without one. While the file has faults
they are told on standard error, what is shown is of the configuration that the daemon
runs with, and the exit code is 78.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return v.with(cmd, func(ctx context.Context, src status.Source, now time.Time) error {
				s, err := src.Take(ctx, now)
				if err != nil {
					return err
				}
				return v.print(cmd.OutOrStdout(), s, func(w io.Writer) { printSnapshot(w, s) })
			})
		},
	}
	cmd.PersistentFlags().StringVar(&v.config, "config", "", "configuration `FILE` (required)")
	cmd.PersistentFlags().BoolVar(&v.json, "json", false, "print JSON")
	cmd.PersistentFlags().StringVar(&v.at, "at", "", "take `TIME` (RFC 3339) for the present, to look at a rehearsal that is over")
	must(cmd.MarkPersistentFlagRequired("config"))
	cmd.AddCommand(v.dropCommand(), v.windowCommand())
	return cmd
}

// statusVerb is what the three forms of the verb share.
type statusVerb struct {
	config string
	at     string
	json   bool
}

func (v *statusVerb) with(cmd *cobra.Command, do func(ctx context.Context, src status.Source, now time.Time) error) error {
	now, err := present(v.at)
	if err != nil {
		return err
	}
	cfg, ended, err := loadShown(v.config, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	led, err := ledger.OpenReadOnly(cmd.Context(), cfg.StateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return advise(fmt.Errorf("open ledger: there is none in %s yet", cfg.StateDir),
			"start the daemon with 'millwright run', or correct state_dir if it runs with another one")
	}
	if err != nil {
		return err
	}
	defer led.Close()
	src := agent.StatusSource(cfg, led)
	if v.at == "" {
		if now, err = src.Present(cmd.Context(), now); err != nil {
			return err
		}
	}
	if err := do(cmd.Context(), src, now); err != nil {
		return err
	}
	return ended
}

func (v *statusVerb) print(w io.Writer, value any, people func(io.Writer)) error {
	if v.json {
		return sayJSON(w, value)
	}
	people(w)
	return nil
}

func (v *statusVerb) dropCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "drop PATH",
		Short: "Tell what became of a dropped file, and why",
		Args:  wants(1, 1, "the PATH of a file where it was dropped"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			return v.with(cmd, func(ctx context.Context, src status.Source, now time.Time) error {
				drops, err := src.WhyDrop(ctx, path, now)
				if err != nil {
					return err
				}
				return v.print(cmd.OutOrStdout(), drops, func(w io.Writer) { printDrops(w, drops) })
			})
		},
	}
}

func (v *statusVerb) windowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "window TIME",
		Short: "Tell what became of the windows that hold an instant (RFC 3339), and why",
		Args:  wants(1, 1, "a TIME like 2026-01-05T08:05:00Z"),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := time.Parse(time.RFC3339, args[0])
			if err != nil {
				return exit(exitUsage, fmt.Errorf("read the time %q: write it like 2026-01-05T08:05:00Z", args[0]))
			}
			return v.with(cmd, func(ctx context.Context, src status.Source, now time.Time) error {
				windows, err := src.WhyWindow(ctx, t, now)
				if err != nil {
					return err
				}
				return v.print(cmd.OutOrStdout(), windows, func(w io.Writer) { printWindows(w, windows) })
			})
		},
	}
}

func printSnapshot(w io.Writer, s status.Snapshot) {
	state := "not running (start it with 'millwright run')"
	if s.Running {
		state = "running"
	}
	tell(w, "", "%s: %s, %s", s.Instance, state, stamp(s.Time))
	if r := s.Clock.Rehearsal; r != nil {
		tell(w, "", "rehearsal: %s", r.Words())
	}
	tell(w, "", "rows: %d read, %d in windows, %d waiting for theirs, %d late, %d left in their drops, %d in quarantine; %s repeated, %s unreadable",
		s.Rows.Read, s.Rows.Windowed, s.Rows.Open, s.Rows.Late, s.Rows.Older, s.Rows.Quarantined, count(s.Rows.Repeated, "value"), count(s.Rows.BadCells, "cell"))
	if s.Rows.Quarantined+s.Rows.BadCells > 0 {
		tell(w, "  ", "rows and cells that could not be used are in %s, each with line and reason", filepath.Join(s.StateDir, "quarantine"))
	}
	var states []string
	for _, st := range sortedStates(s.Drops) {
		states = append(states, fmt.Sprintf("%d %s", s.Drops[st], st))
	}
	tell(w, "", "drops: %s; last taken %s", orNone(strings.Join(states, ", ")), stamp(s.LastTaken))
	tell(w, "", "disk: %s of %s used, the file system has %s free", diskspace.Binary(s.Disk.Used), diskspace.Binary(s.Disk.Quota), diskspace.Binary(s.Disk.Free))
	fmt.Fprintln(w)
	printStreams(w, s)
	printWindowsOf(w, s)
	if len(s.Attention) == 0 {
		fmt.Fprintln(w, "\nnothing needs attention")
		return
	}
	fmt.Fprintln(w, "\nneeds attention:")
	for _, a := range s.Attention {
		since := ""
		if !a.Since.IsZero() {
			since = ", since " + stamp(a.Since)
		}
		tell(w, "", "- %s%s: %s", whole(a.About), since, a.What)
		tell(w, "  ", "%s", a.Remedy)
	}
}

func printDrops(w io.Writer, drops []status.Drop) {
	for _, d := range drops {
		version := ""
		if d.Version > 0 {
			version = fmt.Sprintf(" (version %d)", d.Version)
		}
		tell(w, "", "%s%s: %s", whole(d.Path), version, d.State)
		tell(w, "  ", "%s", d.Why)
		if d.Counts.Rows > 0 {
			c := d.Counts
			span := "no row that could be used"
			if !d.First.IsZero() {
				span = "rows from " + stamp(d.First) + " to " + stamp(d.Last)
			}
			tell(w, "  ", "component %s, %s, taken %s", orNone(d.Component), span, stamp(d.TakenAt))
			tell(w, "  ", "%s = %d in windows + %d waiting + %d late + %d older + %d ahead + %d ambiguous + %d bad; %s, %d repeated, %d the same, %s unreadable",
				count(c.Rows, "row"), c.Windowed, c.Open, c.Late, c.Older, c.Ahead, c.Ambiguous, c.Bad, count(c.Values, "value"), c.Repeated, c.Same, count(c.BadCells, "cell"))
		}
		printWindows(w, d.Windows)
	}
}

func printWindows(w io.Writer, windows []status.Window) {
	for _, win := range windows {
		say(w, "  %s/%s %s: %s\n", win.Scheduler, win.Component, stamp(win.Start), win.State)
		tell(w, "    ", "%s", win.Why)
		if win.Remedy != "" {
			tell(w, "    ", "%s", win.Remedy)
		}
		if win.Key != "" {
			tell(w, "    ", "s3://%s/%s, %d bytes, generation %d", win.Bucket, win.Key, win.Size, win.Generation)
		}
		printResult(w, win.Result)
	}
}
