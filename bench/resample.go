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

const resampler = "bin/millwright"

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

// resample measures one run over a file of so many columns.
func (b *bench) resample(ctx context.Context, columns, jobs int) (cost, int64, error) {
	if !has(ctx, resampler, "resample") {
		return cost{}, 0, errNotHere
	}
	in, size, err := b.sensors(columns)
	if err != nil {
		return cost{}, 0, err
	}
	out := filepath.Join(b.dir, "out.csv")
	c, err := best(ctx, resampler, "resample", "--rate", "PT1M", "--jobs", strconv.Itoa(jobs), "--in", in, "--out", out)
	return c, size, err
}

func perCore(size int64, c cost) float64 { return float64(size) / 1e6 / c.cpu.Seconds() }

func resampleOne(ctx context.Context, b *bench) (string, error) {
	c, size, err := b.resample(ctx, 30, 1)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.0f (wall %.2f s, CPU %.2f s)", perCore(size, c), c.wall.Seconds(), c.cpu.Seconds()), nil
}

func resampleWide(ctx context.Context, b *bench) (string, error) {
	narrow, small, err := b.resample(ctx, 30, 1)
	if err != nil {
		return "", err
	}
	wide, large, err := b.resample(ctx, 300, 1)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.2f", perCore(small, narrow)/perCore(large, wide)), nil
}

func resampleTwo(ctx context.Context, b *bench) (string, error) {
	one, _, err := b.resample(ctx, 30, 1)
	if err != nil {
		return "", err
	}
	two, _, err := b.resample(ctx, 30, 2)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.2f", one.wall.Seconds()/two.wall.Seconds()), nil
}

func resampleResident(ctx context.Context, b *bench) (string, error) {
	one, _, err := b.resample(ctx, 30, 1)
	if err != nil {
		return "", err
	}
	two, _, err := b.resample(ctx, 30, 2)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s with one job, %s with two", mib(one.resident), mib(two.resident)), nil
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
	return fmt.Sprintf("%.0f (resident %s)", perCore(size, c), mib(c.resident)), nil
}
