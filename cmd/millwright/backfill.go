package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"millwright/agent"
	"millwright/backfill"
	"millwright/config"
	"millwright/internal/objstore"
)

// backfillArgs are the flags of `backfill` as typed.
type backfillArgs struct {
	config, scheduler, component string
	from, to                     string
	as, dest, rateLimit          string
	replace, dryRun, json        bool
	patience                     time.Duration
}

func newBackfillCommand() *cobra.Command {
	var a backfillArgs
	cmd := &cobra.Command{
		Use:   "backfill --config FILE PATH...",
		Short: "Upload history once: windows, or training data",
		Long: `Backfill reads files and folders of history. With --as inference it makes the windows
that the daemon would have made and uploads them; windows that their scheduler has
still to read are left to the daemon. With --as training it brings the files to the
target sampling rate and writes one object per component and month.

It works apart from a running daemon. Killed in whatever way, the same command goes on.
An object of other content is never replaced without --replace: such keys are listed
and the exit code is 3. Training data of other content gets an object beside it.
What a window or a row of training data has to lie between is --from and --to.

Training data also takes the rows in late/ of the state folder: of --component, or of
every component of the schedulers, so give the history of all of them at once.`,
		Example: `  millwright backfill --config site.yaml /srv/archive/2025
  millwright backfill --config site.yaml --as training --from 2025-01-01 --to 2026-01-01 /srv/archive
  millwright backfill --config site.yaml --dry-run --component pump-7 export.csv`,
		Args: wants(1, math.MaxInt, "the PATH of a file or folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&a.config, "config", "", "configuration `FILE` (required)")
	f.StringVar(&a.scheduler, "scheduler", "", "only for the scheduler of this `NAME` (default: all)")
	completeScheduler(cmd)
	f.StringVar(&a.component, "component", "", "`NAME` of the component that all the files belong to (default: as the drop folder's rule says)")
	f.StringVar(&a.from, "from", "", "begin at `TIME`, such as 2026-01-05 or 2026-01-05T08:00:00Z")
	f.StringVar(&a.to, "to", "", "end at `TIME`")
	f.StringVar(&a.as, "as", string(backfill.Inference), "inference or training")
	f.StringVar(&a.dest, "dest", "", "write to `s3://bucket/prefix/` instead of the configured place")
	f.StringVar(&a.rateLimit, "rate-limit", "", "send no more than `SIZE` per second, such as 5MB")
	f.BoolVar(&a.replace, "replace", false, "replace inference objects of other content")
	f.BoolVar(&a.dryRun, "dry-run", false, "write and send nothing: list keys, rows, bytes and differences")
	f.DurationVar(&a.patience, "patience", 10*time.Minute, "how long to try again while the store takes nothing")
	f.BoolVar(&a.json, "json", false, "print the summary as JSON")
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

// run does the work. Its errors carry the exit code.
func (a backfillArgs) run(ctx context.Context, paths []string, stdout, stderr io.Writer) error {
	o, err := a.options(paths)
	if err != nil {
		return exit(exitUsage, err)
	}
	cfg, err := loadConfig(a.config, stderr)
	if err != nil {
		return err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(resampleGCPercent))
	var screen *progressScreen
	if width := terminal(stderr); width != nil {
		screen = startProgress(stderr, width)
		defer screen.wait()
		stderr = screen
	}
	log := newLogger(string(cfg.Log.Level), string(cfg.Log.Format), stderr)
	store, err := objstore.New(ctx, agent.Store(cfg), log)
	if err != nil {
		return exit(exitConfig, err)
	}
	b := backfill.New(cfg, agent.Streams(cfg), store, log)
	b.Progress = progressLog{log}
	if screen != nil {
		b.Progress = screen
	}
	sum, err := b.Run(ctx, o)
	if screen != nil {
		screen.wait()
	}
	switch {
	case errors.Is(err, backfill.ErrUsage), errors.Is(err, backfill.ErrConfig): // nothing was done
	case a.json:
		if e := sayJSON(stdout, sum); e != nil {
			return errors.Join(err, e)
		}
	default:
		printBackfill(stdout, sum)
	}
	return a.ending(sum, err, log)
}

// ending turns the outcome into an exit code.
func (a backfillArgs) ending(sum *backfill.Summary, err error, log *zap.Logger) error {
	switch {
	case errors.Is(err, backfill.ErrUsage):
		return exit(exitUsage, err)
	case errors.Is(err, backfill.ErrConfig):
		return exit(exitConfig, err)
	case errors.Is(err, backfill.ErrPartly):
		return exit(exitPartly, err)
	case err != nil:
		return exit(exitFailed, err)
	case sum.Faulty():
		log.Debug("the data has problems")
		return exit(exitData, nil) // the summary has said them
	}
	return nil
}

func (a backfillArgs) options(paths []string) (backfill.Options, error) {
	o := backfill.Options{
		Paths: paths, As: backfill.As(a.as), Scheduler: a.scheduler, Component: a.component, Replace: a.replace, DryRun: a.dryRun, Patience: a.patience,
	}
	var err error
	if o.From, err = instant("--from", a.from); err != nil {
		return o, err
	}
	if o.To, err = instant("--to", a.to); err != nil {
		return o, err
	}
	if a.dest != "" {
		bucket, prefix, _ := strings.Cut(strings.TrimPrefix(a.dest, "s3://"), "/")
		if !strings.HasPrefix(a.dest, "s3://") || bucket == "" || prefix != "" && !strings.HasSuffix(prefix, "/") {
			return o, fmt.Errorf("--dest %q: write it like s3://bucket/prefix/, ending in a slash", a.dest)
		}
		o.Dest = &backfill.Place{Bucket: bucket, Prefix: prefix}
	}
	if a.rateLimit != "" {
		var size config.Size
		if err := size.UnmarshalText([]byte(strings.TrimSuffix(a.rateLimit, "/s"))); err != nil || size.Share() || size.Bytes() <= 0 {
			return o, fmt.Errorf("--rate-limit %q: write bytes per second, such as 5MB", a.rateLimit)
		}
		o.RateLimit = size.Bytes()
	}
	return o, nil
}

// instant reads a date or a time; a zero time for nothing.
func instant(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q: write it like 2026-01-05 or 2026-01-05T08:00:00Z", flag, text)
}
