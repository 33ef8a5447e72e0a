package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sosodev/duration"
	"github.com/spf13/cobra"

	"millwright/internal/atomicfile"
	"millwright/internal/series"
	"millwright/internal/window"
)

// resampleArgs are the flags of `resample` as typed.
type resampleArgs struct {
	rate, aggregate, label string
	fill, maxGap           string
	in, out                string
	jobs, reorder          int
}

func newResampleCommand() *cobra.Command {
	var a resampleArgs
	cmd := &cobra.Command{
		Use:   "resample --rate PT1M [--in FILE] [--out FILE]",
		Short: "Bring one CSV to a sampling rate",
		Long: `Resample reads one sensor CSV, whose dialect it finds out by itself, and writes
one with a row per bin: Timestamp, then a column per sensor. A bin into which no
row fell is left out, unless --fill hold has a value for it.

Rows may be out of order by --reorder bins. Beyond that a file is sorted first;
on standard input such a row is counted and left out, and the exit code is 3.`,
		Example: `  millwright resample --rate PT1M --in pump.csv --out pump-1m.csv
  zcat pump.csv.gz | millwright resample --rate PT5M --aggregate median > pump-5m.csv`,
		Args: cobra.NoArgs,
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
	_ = cmd.MarkFlagRequired("rate")
	return cmd
}

// run converts and reports. Its errors carry the exit code.
func (a resampleArgs) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	c, err := a.conversion()
	if err != nil {
		return exit(exitUsage, err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(resampleGCPercent))
	begun := time.Now()
	in, size, err := a.open(stdin)
	if err != nil {
		return exit(exitFailed, err)
	}
	defer in.Close()
	done, err := a.convert(ctx, c, in, size, stdout)
	var hopeless *series.HopelessError
	switch {
	case errors.As(err, &hopeless):
		return exit(exitData, fmt.Errorf("resample %s: %w", nameOf(a.in), err))
	case err != nil:
		return exit(exitFailed, fmt.Errorf("resample %s: %w", nameOf(a.in), err))
	}
	return a.report(stderr, done, in.read, time.Since(begun))
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
	reorder := a.reorder
	if reorder == 0 {
		reorder = -1
	}
	return series.Conversion{
		Read:     series.Options{MaxBytes: math.MaxInt64},
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
	if a.out == "-" {
		return ""
	}
	return filepath.Dir(a.out)
}

// source is the input with a count of what was read.
type source struct {
	io.Reader
	file *os.File // nil when the input can be read only once
	read int64
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.read += int64(n)
	return n, err
}

func (s *source) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// open gives the input, and its size when it is a regular file.
func (a resampleArgs) open(stdin io.Reader) (*source, int64, error) {
	if a.in == "-" {
		return &source{Reader: stdin}, 0, nil
	}
	f, err := os.Open(a.in)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		_ = f.Close()
		return nil, 0, err
	case info.IsDir():
		_ = f.Close()
		return nil, 0, fmt.Errorf("%s is a folder: name one CSV file", a.in)
	case !info.Mode().IsRegular():
		return &source{Reader: f}, 0, nil
	}
	return &source{Reader: f, file: f, read: info.Size()}, info.Size(), nil
}

// convert brings the output to its place. A file appears whole or not at all.
func (a resampleArgs) convert(ctx context.Context, c series.Conversion, in *source, size int64, stdout io.Writer) (series.Converted, error) {
	if a.out != "-" {
		f, err := atomicfile.Create(a.out, 0o644)
		if err != nil {
			return series.Converted{}, err
		}
		defer f.Close()
		done, err := one(ctx, c, in, size, restartableFile{f})
		if err != nil {
			return done, err
		}
		return done, f.Commit()
	}
	if in.file == nil {
		return c.Stream(ctx, in, stdout)
	}
	// The file may turn out to need sorting after bins were written.
	spool := series.NewSpool(c.Resample.Scratch)
	defer spool.Close()
	done, err := one(ctx, c, in, size, spool)
	if err != nil {
		return done, err
	}
	_, err = io.Copy(stdout, spool.Reader())
	return done, err
}

func one(ctx context.Context, c series.Conversion, in *source, size int64, out series.Restartable) (series.Converted, error) {
	if in.file == nil {
		return c.Stream(ctx, in, out)
	}
	return c.File(ctx, io.NewSectionReader(in.file, 0, size), out)
}

type restartableFile struct{ *atomicfile.File }

func (f restartableFile) Restart() error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.Truncate(0)
}

// report says in words what was done and what could not be used.
func (a resampleArgs) report(w io.Writer, done series.Converted, size int64, took time.Duration) error {
	mb := float64(size) / 1e6
	fmt.Fprintf(w, "%s: %d rows of %d sensors to %d bins; %.1f MB in %.2f s, %.0f MB/s\n", nameOf(a.in),
		done.Read.Used, len(done.Columns), done.Resample.Bins, mb, took.Seconds(), mb/took.Seconds())
	if done.Sorted {
		fmt.Fprintf(w, "rows were out of order by more than %d bins: the file was sorted first\n", a.reorder)
	}
	if r := done.Resample.Repeats; r.Same+r.Differing > 0 {
		fmt.Fprintf(w, "%d values repeat a timestamp of their sensor (%d differ); the first was used\n", r.Same+r.Differing, r.Differing)
	}
	for _, s := range done.Read.Warnings {
		fmt.Fprintln(w, s)
	}
	bad := int64(0)
	for _, n := range done.Read.Bad {
		bad += n
	}
	if bad > 0 {
		fmt.Fprintf(w, "%d rows or cells could not be used; the first:\n", bad)
	}
	for _, f := range done.Read.Faults {
		fmt.Fprintf(w, "  line %d%s: %s: %q\n", f.Line, columnText(f.Column), f.Reason, f.Text)
	}
	if n := done.Resample.TooLate; n > 0 {
		fmt.Fprintf(w, "%d rows were out of order by more than %d bins and left out; read from a file instead, or raise --reorder\n", n, a.reorder)
	}
	for _, c := range done.Clashes {
		fmt.Fprintln(w, c.Reason)
	}
	if done.Read.Damage != "" {
		fmt.Fprintln(w, done.Read.Damage)
	}
	if bad > 0 || done.Resample.TooLate > 0 || len(done.Clashes) > 0 || done.Read.Damage != "" {
		return exit(exitData, nil)
	}
	return nil
}

func columnText(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(", column %q", name)
}

func nameOf(in string) string {
	if in == "-" {
		return "standard input"
	}
	return in
}
