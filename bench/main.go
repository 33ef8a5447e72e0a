// Command bench prints the figures that this project wants to reach beside what
// the binaries in bin/ reach on this machine. It judges nothing: machines differ,
// and peers are measured in the same run where they are installed.
//
//	go run ./bench [NAME...]
//
// Names choose figures by their beginning. BENCH_MB is the size of the resampled
// file, 1000 by default, BENCH_DROPS the number of drops absorbed, 10000, BENCH_ROWS
// the number of rows of the history learnt, 150000 (the figure is for 1500000: 3 GB of
// data and some minutes), BENCH_GB what the service ingests, 1 (the figure is for 10: give the disk
// twice that); data is kept in the user's cache folder.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// figure is one line of the table. To add one, write its measure in a file of its
// own and name it in figures.
type figure struct {
	name     string
	now, aim string // what the design asks for at least, and what it hopes for
	measure  func(context.Context, *bench) (string, error)
}

// errNotHere is returned by a measure for a peer that is not installed or a verb
// that the binary has not.
var errNotHere = errors.New("not here")

func figures() []figure {
	return []figure{
		{"size lean", "20 MB", "15 MB", sizeOf("bin/millwright-agent")},
		{"size full", "70 MB", "50 MB", sizeOf("bin/millwright")},
		{"start lean, resident", "", "9 MB", startOf("bin/millwright-agent")},
		{"start full, resident", "", "31 MB", startOf("bin/millwright")},
		{"resample 30 columns, MB/s per core", "600", "1100", resampling(resampleOne, shape{30, 1})},
		{"resample 300 columns, time per byte against 30", "1.4", "", resampling(resampleWide, shape{30, 1}, shape{300, 1})},
		{"resample two jobs, times one", "1.7", "1.85", resampling(resampleTwo, shape{30, 1}, shape{30, 2})},
		{"resample resident", "32 MiB", "16 MiB", resampling(resampleResident, shape{30, 1}, shape{30, 2})},
		{"resample duckdb, MB/s per core", "", "", resampleDuckDB},
		{"idle lean, 5 folders", "24 MiB, 0.1 %", "16 MiB, 0.01 %", idle},
		{"absorb 10,000 drops, s5cmd's objects/s", "0.9", "1.5", absorb},
		{"absorb s5cmd, the same files", "", "", absorbPeer},
		{"train 12,000 x 25, one core", "2 s", "0.5 s", trainingSmall},
		{"train score a row of 25, one core", "20 us", "4 us", scoring},
		{"train 300 sensors, 1,500,000 rows", "900 s, 1 GiB", "480 s", training},
		{"serve DescribeDataset, 8 clients", "", "", calls("DescribeDataset", m{"DatasetName": "line"})},
		{"serve DescribeModel, 8 clients", "", "", calls("DescribeModel", m{"ModelName": "line"})},
		{"serve ListInferenceExecutions, 50 of 500", "", "", calls("ListInferenceExecutions", m{"InferenceSchedulerName": "line", "MaxResults": 50})},
		{"serve 100 schedulers, all else beside", "60 s", "", hundred},
		{"serve ingestion", "", "", ingestion},
	}
}

// bench is what measures share.
type bench struct {
	dir string // for data, kept between runs
	mb  int    // size of the resampled file

	drops int // how many of 50 KB
	rows  int // of the history that is learnt
	gb    int // that the service ingests

	resampled map[shape]resampled // what was measured already
	settled   time.Time           // when the service has what is asked of it; zero: it has not
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	b := &bench{dir: filepath.Join(cache, "millwright-bench"), mb: 1000, drops: 10_000, rows: 150_000, gb: 1, resampled: map[shape]resampled{}}
	for name, n := range map[string]*int{"BENCH_MB": &b.mb, "BENCH_DROPS": &b.drops, "BENCH_ROWS": &b.rows, "BENCH_GB": &b.gb} {
		if text := os.Getenv(name); text != "" {
			if *n, err = strconv.Atoi(text); err != nil || *n < 1 {
				return fmt.Errorf("read %s %q: give a number", name, text)
			}
		}
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	fmt.Printf("%s/%s, %d cores, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Printf("%-48s %16s %16s  %s\n", "figure", "at least", "aim", "reached")
	for _, f := range figures() {
		if !chosen(f.name, names) {
			continue
		}
		text, err := f.measure(ctx, b)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errNotHere):
			text = "(not here)"
		case err != nil:
			text = "failed: " + err.Error()
		}
		fmt.Printf("%-48s %16s %16s  %s\n", f.name, f.now, f.aim, text)
	}
	return nil
}

func chosen(name string, names []string) bool {
	for _, n := range names {
		if strings.HasPrefix(name, n) {
			return true
		}
	}
	return len(names) == 0
}
