package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// sensors makes a file of about mb MB with a row per second, unless it is there.
func (b *bench) sensors(columns int) (path string, size int64, err error) {
	path = filepath.Join(b.dir, fmt.Sprintf("sensors-%d-%dMB.csv", columns, b.mb))
	if info, err := os.Stat(path); err == nil {
		return path, info.Size(), nil
	}
	f, err := os.Create(path + ".part")
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	size, err = writeSensors(f, columns, int64(b.mb)*1e6)
	if err != nil {
		return "", 0, err
	}
	return path, size, os.Rename(path+".part", path)
}

// writeSensors writes walks of one to four decimals, as loggers do.
func writeSensors(f *os.File, columns int, limit int64) (size int64, err error) {
	w := bufio.NewWriterSize(f, 1<<20)
	rng := rand.New(rand.NewPCG(1, 2))
	walk := make([]float64, columns)
	row := []byte("Timestamp")
	for i := range walk {
		walk[i] = 1000 * rng.Float64()
		row = fmt.Appendf(row, ",sensor_%02d", i)
	}
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for size < limit {
		row = append(row, '\n')
		n, err := w.Write(row)
		if err != nil {
			return size, err
		}
		size += int64(n)
		at = at.Add(time.Second)
		row = at.AppendFormat(row[:0], "2006-01-02T15:04:05.000000")
		for i := range walk {
			walk[i] += rng.NormFloat64()
			row = strconv.AppendFloat(append(row, ','), walk[i], 'f', 1+i%4, 64)
		}
	}
	return size, w.Flush()
}

// shape is a file of so many columns that is resampled by so many jobs.
type shape struct{ columns, jobs int }

// resampled is what that took.
type resampled struct {
	cost
	size int64 // of the file, bytes
}

func (r resampled) perCore() float64 { return float64(r.size) / 1e6 / r.cpu.Seconds() }

// resample measures a shape, once for all figures that are made of it.
func (b *bench) resample(ctx context.Context, s shape) (resampled, error) {
	if r, ok := b.resampled[s]; ok {
		return r, nil
	}
	if !has(ctx, gateway, "resample") {
		return resampled{}, errNotHere
	}
	in, size, err := b.sensors(s.columns)
	if err != nil {
		return resampled{}, err
	}
	out := filepath.Join(b.dir, "out.csv")
	c, err := best(ctx, gateway, "resample", "--rate", "PT1M", "--jobs", strconv.Itoa(s.jobs), "--in", in, "--out", out)
	if err != nil {
		return resampled{}, err
	}
	r := resampled{c, size}
	b.resampled[s] = r
	return r, nil
}

// resampling is a figure made of shapes, in their order.
func resampling(say func(r []resampled) string, shapes ...shape) func(context.Context, *bench) (string, error) {
	return func(ctx context.Context, b *bench) (string, error) {
		var all []resampled
		for _, s := range shapes {
			r, err := b.resample(ctx, s)
			if err != nil {
				return "", err
			}
			all = append(all, r)
		}
		return say(all), nil
	}
}

func resampleOne(r []resampled) string {
	return fmt.Sprintf("%.0f (wall %.2f s, CPU %.2f s)", r[0].perCore(), r[0].wall.Seconds(), r[0].cpu.Seconds())
}

func resampleWide(r []resampled) string {
	return fmt.Sprintf("%.2f", r[0].perCore()/r[1].perCore())
}

func resampleTwo(r []resampled) string {
	return fmt.Sprintf("%.2f", r[0].wall.Seconds()/r[1].wall.Seconds())
}

func resampleResident(r []resampled) string {
	return fmt.Sprintf("%s with one job, %s with two", mib(r[0].resident), mib(r[1].resident))
}

func resampleDuckDB(ctx context.Context, b *bench) (string, error) {
	in, size, err := b.sensors(30)
	if err != nil {
		return "", err
	}
	query := fmt.Sprintf(`SET threads=1; COPY (SELECT time_bucket(INTERVAL 1 minute, Timestamp) AS t, avg(COLUMNS(* EXCLUDE (Timestamp)))
		FROM read_csv('%s') GROUP BY t ORDER BY t) TO '%s' (HEADER)`, in, filepath.Join(b.dir, "duckdb.csv"))
	c, err := best(ctx, "duckdb", "-c", query)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.0f (resident %s)", resampled{c, size}.perCore(), mib(c.resident)), nil
}
