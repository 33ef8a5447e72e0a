// Command replay proves on real sensor files that the built binary does what the
// rulings say: it checks them with validate, makes window objects and training data
// of them with backfill, drops them in time beside a rehearsing daemon, and compares
// every object, byte for byte, with what the oracle computes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"millwright/e2e/harness"
)

// options are the command line.
type options struct {
	data      []string
	dialect   dialect
	rates     []time.Duration
	frequency time.Duration
	offset    time.Duration
	period    time.Duration
	label     string
	aggregate string
	maxGap    time.Duration // 0: the default, negative: none
	start     time.Time
	limit     time.Duration
	pace      float64
	jobs      int
	steps     []string
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	same := replay(ctx, o)
	stop()
	if !same {
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	var data, drop, rates, start, steps string
	f := flag.NewFlagSet("replay", flag.ContinueOnError)
	f.StringVar(&data, "data", "", "files and folders with .csv and .csv.gz, separated by commas")
	f.StringVar(&o.dialect.delimiter, "delimiter", "auto", "auto, tab, space or the character")
	f.StringVar(&o.dialect.timeName, "timestamp-column", "", "the column with the stamps; default: the first")
	f.StringVar(&o.dialect.timeFormat, "timestamp-format", "", "csv.timestamp_format of the configuration; default: the program finds out")
	f.StringVar(&drop, "drop-columns", "", "columns to leave out, separated by commas")
	f.StringVar(&rates, "rate", "PT1M", "target sampling rates, separated by commas, each replayed by itself")
	f.Func("frequency", "data upload frequency (PT5M)", duration(&o.frequency))
	f.Func("offset", "data delay offset (PT10M)", duration(&o.offset))
	f.Func("drop-period", "rows of how long a stretch are in one drop; default: the frequency", duration(&o.period))
	f.StringVar(&o.label, "label", "end", "which end names a bin: end or start")
	f.StringVar(&o.aggregate, "aggregate", "", "resample.aggregate of the configuration; default: mean")
	f.Func("max-gap", "resample.max_gap of the configuration: a duration such as PT3M, or none", func(text string) error {
		if o.maxGap = -1; text == "none" {
			return nil
		}
		return duration(&o.maxGap)(text)
	})
	f.StringVar(&start, "start", "", "where the daemon's replay begins; default: at the first row")
	f.Func("limit", "how long a stretch the daemon replays, such as PT48H; default: all", duration(&o.limit))
	f.Float64Var(&o.pace, "pace", 60, "how fast the daemon's clock goes")
	f.IntVar(&o.jobs, "jobs", 2, "files at a time")
	f.StringVar(&steps, "steps", "validate,inference,training,run", "what to do")
	o.frequency, o.offset = 5*time.Minute, 10*time.Minute
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.data, o.steps = list(data), list(steps)
	o.dialect.drop = list(drop)
	for _, text := range list(rates) {
		d, err := iso(text)
		if err != nil {
			return o, err
		}
		o.rates = append(o.rates, d)
	}
	if o.period == 0 {
		o.period = o.frequency
	}
	if start != "" {
		var err error
		if o.start, err = instant(start); err != nil {
			return o, err
		}
	}
	switch {
	case len(o.data) == 0:
		return o, errors.New("name files or folders with --data")
	case o.label != "end" && o.label != "start":
		return o, errors.New("--label is end or start")
	case o.pace <= 0 || o.jobs <= 0 || len(o.rates) == 0:
		return o, errors.New("--pace, --jobs and --rate must be above 0")
	}
	return o, nil
}

func list(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
}

func duration(to *time.Duration) func(string) error {
	return func(text string) (err error) {
		*to, err = iso(text)
		return err
	}
}

// iso reads durations such as PT5M.
func iso(text string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(text, "PT")))
	if err != nil {
		return 0, fmt.Errorf("%q is no duration like PT5M", text)
	}
	return d, nil
}

// files lists what the paths stand for.
func files(paths []string) ([]string, error) {
	var all []string
	for _, path := range paths {
		err := filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && (p == path || strings.HasSuffix(p, ".csv") || strings.HasSuffix(p, ".csv.gz")) {
				all = append(all, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// replay does all files and tells whether nothing differs.
func replay(ctx context.Context, o options) bool {
	paths, err := files(o.data)
	if err != nil || len(paths) == 0 {
		fmt.Fprintf(os.Stderr, "no files: %v\n", err)
		return false
	}
	var store harness.Store
	var builder harness.Builder
	defer store.Close()

	type task struct {
		path string
		rate time.Duration
	}
	var tasks []task
	for _, p := range paths {
		for _, r := range o.rates {
			tasks = append(tasks, task{p, r})
		}
	}
	all := make([]outcome, len(tasks))
	slots := make(chan struct{}, o.jobs)
	var wait sync.WaitGroup
	for i, t := range tasks {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			one := &all[i]
			one.name, one.rate = short(t.path), t.rate
			one.faults = on(ctx, one.title(), func(s *stage) {
				r := replayed{stage: s, o: o, path: t.path, rate: t.rate, store: &store, binary: builder.Binary(s), to: one}
				r.all()
			})
		})
	}
	wait.Wait()
	return table(os.Stdout, all)
}

// short is a file's name with its folder.
func short(path string) string {
	return filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
}
