// Command tryout trains on the rows of CSV files before an instant, scores all of
// them and writes result lines. It is for trying the detector out on data at hand.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
	"millwright/internal/series"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	data := flag.String("data", "", "CSV file")
	rate := flag.Duration("rate", 5*time.Minute, "")
	split := flag.String("split", "", "train before this instant")
	from := flag.String("train-from", "", "and from this one on")
	rows := flag.Int("split-row", 0, "or before this row")
	labels := flag.String("labels", "", "")
	off := flag.String("off", "", "")
	ignore := flag.String("ignore", "", "columns, with commas")
	blank := flag.String("blank", "", "sensor,from,to")
	out := flag.String("out", "", "")
	flag.Parse()
	f, err := read(*data, *rate, strings.Split(*ignore, ","))
	if err != nil {
		return err
	}
	if *blank != "" {
		p := strings.Split(*blank, ",")
		a, b := stamp(p[1]), stamp(p[2])
		for j, n := range f.Columns {
			if n.Sensor != p[0] {
				continue
			}
			for i, l := range f.Labels {
				if l >= a && l < b {
					f.Row(i)[j] = nan()
				}
			}
		}
	}
	s := detect.Settings{Rate: *rate}
	if s.Off, err = frame.ParseOff(*off); err != nil {
		return err
	}
	if *labels != "" {
		text, err := os.ReadFile(*labels)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			a, b, _ := strings.Cut(strings.TrimSpace(line), ",")
			s.Labels.Anomaly = append(s.Labels.Anomaly, frame.Range{Start: stamp(a), End: stamp(b)})
		}
	}
	until := int64(0)
	if *rows > 0 {
		until = f.Labels[*rows]
	} else {
		until = stamp(*split)
	}
	start := time.Now()
	since := f.Labels[0]
	if *from != "" {
		since = stamp(*from)
	}
	m, err := detect.Train(context.Background(), f.Between(since, until), s, zap.NewNop())
	if err != nil {
		return err
	}
	took := time.Since(start)
	w := io.Writer(io.Discard)
	if *out != "" {
		file, err := os.Create(*out)
		if err != nil {
			return err
		}
		defer file.Close()
		b := bufio.NewWriter(file)
		defer b.Flush()
		w = b
	}
	start = time.Now()
	scorer := m.NewScorer()
	tracker := frame.NewTracker(m.Rules())
	var line []byte
	n := 0
	each := func(r frame.Row) error {
		row := scorer.Add(r)
		n++
		if r.Label < until {
			return nil
		}
		line = resultline.Append(line[:0], row)
		_, err := w.Write(line)
		return err
	}
	for i, l := range f.Labels {
		if err := tracker.Add(l, f.Row(i), each); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "fit %.2fs, score+write %.1f us/row; %s\n", took.Seconds(), float64(time.Since(start).Microseconds())/float64(n), m)
	return nil
}

func nan() float64 { var z float64; return z / z }

func stamp(text string) int64 {
	for _, f := range []string{"2006-01-02T15:04:05.000000", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(f, text); err == nil {
			return t.UnixNano()
		}
	}
	panic(text)
}

func read(path string, rate time.Duration, ignore []string) (*frame.Frame, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := series.NewReader(file, series.Options{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	component := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".csv")
	names, _ := series.MapNames(r.Names(), nil)
	f := &frame.Frame{}
	var cols []int
	for j, n := range names {
		if !slices.Contains(ignore, n) {
			cols = append(cols, j)
			f.Columns = append(f.Columns, frame.Name{Component: component, Sensor: n})
		}
	}
	row := make([]float64, len(cols))
	rs := series.NewResampler(series.ResampleOptions{Grid: series.Grid{Rate: rate}, Spec: series.Spec{Fill: series.FillNone}}, func(label int64, cells []float64) error {
		for i, c := range cols {
			row[i] = cells[c]
		}
		f.Append(label, row)
		return nil
	})
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := rs.Add(b); err != nil {
			return nil, err
		}
	}
	_ = maps.Keys[map[int]int]
	return f, rs.Close()
}
