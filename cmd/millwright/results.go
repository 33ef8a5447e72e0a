package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"millwright/agent"
	"millwright/config"
	"millwright/internal/ledger"
	"millwright/internal/window"
)

// followEvery is how often --follow looks for what is new.
const followEvery = 2 * time.Second

func newResultsCommand() *cobra.Command {
	v := &resultsVerb{}
	var asJSON, asCSV bool
	cmd := &cobra.Command{
		Use:   "results --config FILE",
		Short: "Show the results that have come back, with scores, top sensors and events",
		Long: `Show what became of each window: one line with its rows, how many are anomalous, the
highest score, a sparkline of the scores from 0 to 1, and the sensors with the largest
mean share (of the anomalous rows if there are any). Windows in a row that have no
result are one line with the reason, and so are older ones that are alike. The events
follow. It reads the ledger and the files below state_dir/results, so it works beside a
running daemon and without one.

--json prints one object a line: of kind "result" for each window, with all that
its rows say, then of kind "event" for each event. --csv prints a line for each
row, with the columns of a csv sink: timestamp, scheduler, prediction,
prediction_reason, anomaly_score, top_sensor, top_share, generation, id.

Exit code 3 says that a result's file is gone or damaged; it is named on stderr.`,
		Args: wantsNone("config"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return v.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), asJSON, asCSV)
		},
	}
	f := cmd.Flags()
	f.StringVar(&v.config, "config", "", "configuration `FILE` (required)")
	f.StringVar(&v.scheduler, "scheduler", "", "only the scheduler `NAME`")
	f.StringVar(&v.since, "since", "24h", "windows from `T` on: an instant (RFC 3339) or how long ago, such as 24h or 7d")
	f.BoolVar(&asJSON, "json", false, "print JSON lines")
	f.BoolVar(&asCSV, "csv", false, "print CSV, a line for each row")
	f.BoolVar(&v.follow, "follow", false, "go on with what comes, until interrupted")
	f.StringVar(&v.at, "at", "", "take `TIME` (RFC 3339) for the present, to look at a rehearsal that is over")
	must(cmd.MarkFlagRequired("config"))
	completeScheduler(cmd)
	return cmd
}

// resultsVerb is what is asked for.
type resultsVerb struct {
	config, scheduler, since, at string
	follow                       bool
}

func (v *resultsVerb) run(ctx context.Context, out, errs io.Writer, asJSON, asCSV bool) error {
	now, err := present(v.at)
	if err != nil {
		return err
	}
	from, err := v.from(now)
	if asJSON && asCSV {
		err = errors.New("--json and --csv are two forms of the same: give one of them")
	}
	if err != nil {
		return exit(exitUsage, err)
	}
	cfg, ended, err := loadShown(v.config, errs)
	if err != nil {
		return err
	}
	if err := v.known(cfg); err != nil {
		return exit(exitUsage, err)
	}
	led, err := ledger.OpenReadOnly(ctx, cfg.StateDir)
	if err != nil {
		return err
	}
	defer led.Close()
	if v.at == "" {
		if now, err = agent.StatusSource(cfg, led).Present(ctx, now); err != nil {
			return err
		}
		from, _ = v.from(now) // it was read before
	}
	site, err := openSite(cfg.StateDir, outputsOf(cfg), errs)
	if err != nil {
		return err
	}
	defer site.close()
	var p resultsPrinter
	switch {
	case asJSON:
		p = &jsonResults{out: out}
	case asCSV:
		p = csvResults{out}
	default:
		p = &resultsTable{out: out, from: from, only: v.scheduler, paces: pacesOf(cfg), spark: sparksFor(os.Getenv), before: newestBefore(ctx, led, from)}
	}
	asked := resultsAsked{scheduler: v.scheduler, from: from.UnixNano(), site: site}
	if v.follow {
		err = asked.follow(ctx, led, p, followEvery)
	} else {
		err = asked.show(ctx, led, p)
	}
	switch {
	case err != nil && ctx.Err() == nil:
		return err
	case site.faults > 0:
		return exit(exitData, nil)
	}
	return ended // interrupted is as good as done
}

// from is the instant from which on windows are asked for.
func (v *resultsVerb) from(now time.Time) (time.Time, error) {
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, v.since); err == nil {
			return t.UTC(), nil
		}
	}
	var ago config.Duration
	if err := ago.UnmarshalText([]byte(v.since)); err != nil || ago.None() || ago.Duration() <= 0 {
		return now, fmt.Errorf("read --since %q: write an instant like 2026-01-05T00:00:00Z, or how long ago, such as 24h or 7d", v.since)
	}
	return now.Add(-ago.Duration()).UTC(), nil
}

// newestBefore gives the start of a scheduler's newest window before an instant.
func newestBefore(ctx context.Context, led *ledger.Ledger, from time.Time) func(string) (time.Time, error) {
	return func(scheduler string) (time.Time, error) {
		found, err := led.Outcomes(ctx, ledger.OutcomeFilter{Scheduler: scheduler, To: from.UnixNano(), Newest: true, Limit: 1})
		if err != nil || len(found) == 0 {
			return time.Time{}, err
		}
		return instantOf(found[0].Start), nil
	}
}

func (v *resultsVerb) known(cfg *config.Config) error {
	names := schedulersOf(cfg)
	if v.scheduler == "" || slices.Contains(names, v.scheduler) {
		return nil
	}
	return fmt.Errorf("no scheduler %q in %s: it has %s", v.scheduler, v.config, strings.Join(names, ", "))
}

// pace is how often a scheduler has a window.
type pace struct {
	scheduler string
	frequency time.Duration
	alone     bool // it has one component, which then goes without saying
}

// pacesOf gives the schedulers in the order of the configuration.
func pacesOf(cfg *config.Config) []pace {
	var all []pace
	for _, s := range cfg.Schedulers {
		all = append(all, pace{s.Name, s.DataUploadFrequency.Duration(), len(s.Components) == 1})
	}
	return all
}

// outputsOf gives where schedulers write their results, by name.
func outputsOf(cfg *config.Config) map[string]string {
	all := map[string]string{}
	for _, s := range cfg.Schedulers {
		all[s.Name] = "s3://" + s.Output.Bucket + "/" + s.Output.Prefix
	}
	return all
}

// resultsPrinter is one way to print. What it is given is oldest first.
type resultsPrinter interface {
	all(site *site, outcomes []window.Outcome, events []ledger.StoredEvent) error  // what there is, once
	more(site *site, outcomes []window.Outcome, events []ledger.StoredEvent) error // what has come since
}
