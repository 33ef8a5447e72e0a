package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sosodev/duration"
	"github.com/spf13/cobra"

	"millwright/internal/series"
	"millwright/internal/window"
)

// resampleArgs are the flags of `resample` as typed.
type resampleArgs struct {
	rate, aggregate, label string
	fill, maxGap           string
	in, out                string
	jobs, reorder          int
	dialect                dialectArgs
}

func newResampleCommand() *cobra.Command {
	var a resampleArgs
	cmd := &cobra.Command{
		Use:   "resample --rate PT1M [--in FILE] [--out FILE]",
		Short: "Bring one CSV to a sampling rate",
		Long: `Resample reads one sensor CSV, whose dialect it finds out by itself, and writes
one with a row per bin: Timestamp, then a column per sensor. A bin into which no
row fell is left out, unless --fill hold has a value for it. What a file does not
tell by itself (05.01.2026 can be in January or in May) is pinned with a flag.

Rows may be out of order by --reorder bins. Beyond that a file is sorted first;
on standard input such a row is counted and left out, and the exit code is 3.`,
		Example: `  millwright resample --rate PT1M --in pump.csv --out pump-1m.csv
  zcat pump.csv.gz | millwright resample --rate PT5M --aggregate median > pump-5m.csv
  millwright resample --rate PT1M --timestamp-format "dd.MM.yyyy HH:mm:ss" --time-zone Europe/Berlin --in excel.csv`,
		Args: wantsNone("in"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&a.rate, "rate", "", "length of a bin, such as PT1M or 90s (required)")
	f.StringVar(&a.aggregate, "aggregate", string(series.AggregateMean), "mean, min, max, first, last, median, sum or count")
	f.StringVar(&a.label, "label", "end", "name a bin by its end (L-rate < t <= L) or by its start (L <= t < L+rate)")
	f.StringVar(&a.fill, "fill", string(series.FillNone), "what an empty bin gets: none, or hold (the last value before its end)")
	f.StringVar(&a.maxGap, "max-gap", "", "how long a value is held: a duration or none (default: three bins, at least PT1M)")
	f.StringVar(&a.in, "in", "-", "input file; - is standard input")
	f.StringVar(&a.out, "out", "-", "output file; - is standard output")
	f.IntVar(&a.jobs, "jobs", runtime.NumCPU(), "rows of a file are read by so many at a time")
	f.IntVar(&a.reorder, "reorder", 10, "bins by which a row may be out of order")
	a.dialect.flags(f)
	_ = cmd.MarkFlagRequired("rate")
	return cmd
}

// run converts and reports. Its errors carry the exit code.
func (a resampleArgs) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	c, err := a.conversion()
	if err != nil {
		return exit(exitUsage, err)
	}
	if a.onto() {
		return exit(exitUsage, fmt.Errorf("--out %s is the input, which would be lost: name another file", a.out))
	}
	defer debug.SetGCPercent(debug.SetGCPercent(resampleGCPercent))
	begun := time.Now()
	in, err := a.open(stdin)
	if err != nil {
		return exit(exitFailed, err)
	}
	defer in.Close()
	finished := showProgress(stderr, in)
	done, err := a.convert(ctx, c, in, stdout)
	finished()
	var hopeless *series.HopelessError
	switch {
	case errors.As(err, &hopeless):
		return exit(exitData, fmt.Errorf("resample %s: %s", nameOf(a.in), asFlags.Replace(err.Error())))
	case err != nil:
		return exit(exitFailed, fmt.Errorf("resample %s: %s", nameOf(a.in), asFlags.Replace(err.Error())))
	}
	return a.report(stderr, done, in.length(), time.Since(begun))
}

// resampleGCPercent keeps the heap near what is in use: buffers are used again
// and again, so that collections are rare anyway.
const resampleGCPercent = 25

func (a resampleArgs) conversion() (series.Conversion, error) {
	rate, err := parseSpan(a.rate)
	if err != nil || rate <= 0 {
		return series.Conversion{}, fmt.Errorf("--rate %q: use a duration above zero such as PT1M", a.rate)
	}
	spec := series.Spec{Aggregate: series.Aggregate(a.aggregate), Fill: series.Fill(a.fill)}
	switch a.maxGap {
	case "":
	case "none":
		spec.MaxGap = series.NoMaxGap
	default:
		if spec.MaxGap, err = parseSpan(a.maxGap); err != nil || spec.MaxGap <= 0 {
			return series.Conversion{}, fmt.Errorf("--max-gap %q: use a duration above zero such as PT3M, or none", a.maxGap)
		}
	}
	if err := spec.Validate(); err != nil {
		return series.Conversion{}, err
	}
	grid := series.Grid{Rate: rate}
	switch a.label {
	case "end":
		grid.Label = window.LabelEnd
	case "start":
		grid.Label = window.LabelStart
	default:
		return series.Conversion{}, fmt.Errorf("--label %q: use end or start", a.label)
	}
	if a.jobs < 1 || a.reorder < 0 {
		return series.Conversion{}, fmt.Errorf("--jobs must be above zero and --reorder not below it")
	}
	read, err := a.dialect.options()
	if err != nil {
		return series.Conversion{}, err
	}
	reorder := a.reorder
	if reorder == 0 {
		reorder = -1
	}
	return series.Conversion{
		Read:     read,
		Resample: series.ResampleOptions{Grid: grid, Spec: spec, Reorder: reorder, Scratch: a.scratch()},
		Jobs:     a.jobs,
	}, nil
}

// parseSpan reads an ISO 8601 duration or one in Go's form.
func parseSpan(s string) (time.Duration, error) {
	if strings.HasPrefix(s, "P") {
		d, err := duration.Parse(s)
		if err != nil {
			return 0, err
		}
		return d.ToTimeDuration(), nil
	}
	return time.ParseDuration(s)
}

// scratch is where scratch files go: beside the output, where there is room
// for it. "" is the system's folder.
func (a resampleArgs) scratch() string {
	if info, err := os.Stat(a.out); a.out == "-" || err == nil && !info.Mode().IsRegular() {
		return ""
	}
	return filepath.Dir(a.out)
}
