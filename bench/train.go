package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	trainSensors = 300
	trainRate    = 5 * time.Minute
)

// machine is a simulated machine: its speed keeps to plateaus and is sometimes 0, and
// its sensors follow the speed, some slow causes and the ones before them. Now and then
// some of them go astray for hours, which nobody has labelled.
type machine struct {
	r      *rand.Rand
	speed  float64
	left   int // rows until the next speed
	astray int // rows
	causes []float64
	cells  []float64
}

func newMachine(sensors int, seed uint64) *machine {
	return &machine{r: rand.New(rand.NewPCG(seed, 8)), causes: make([]float64, 24), cells: make([]float64, sensors)}
}

// next gives the next row; the first sensor is the speed.
func (m *machine) next() []float64 {
	if m.left--; m.left <= 0 {
		m.speed, m.left = []float64{600, 900, 1100, 1450}[m.r.IntN(4)], 60+m.r.IntN(400)
		if m.r.IntN(12) == 0 {
			m.speed, m.left = 0, 12+m.r.IntN(40)
		}
	}
	if m.astray--; m.astray < -8000 && m.r.IntN(4000) == 0 {
		m.astray = 60 + m.r.IntN(200)
	}
	for k := range m.causes {
		m.causes[k] = 0.97*m.causes[k] + 0.25*m.r.NormFloat64()
	}
	n := len(m.causes)
	m.cells[0] = m.speed + 4*m.r.NormFloat64()
	for j := 1; j < len(m.cells); j++ {
		v := 20 + m.speed/float64(10+j%7) + 3*m.causes[j%n] + 2*m.causes[(j*5+1)%n] + 0.3*m.r.NormFloat64()
		if m.astray > 0 && j%50 == 3 {
			v += 8
		}
		m.cells[j] = 0.7*m.cells[j] + 0.3*v
	}
	return m.cells
}

// history writes a file for each month of so many rows, unless they are there.
func (b *bench) history() (dir string, size int64, err error) {
	dir = filepath.Join(b.dir, fmt.Sprintf("history-%d-%d", b.rows, trainSensors))
	if _, err := os.Stat(dir); err != nil {
		part := dir + ".part"
		if err := os.RemoveAll(part); err != nil {
			return "", 0, err
		}
		if err := writeHistory(filepath.Join(part, "plant"), b.rows); err != nil {
			return "", 0, err
		}
		if err := os.Rename(part, dir); err != nil {
			return "", 0, err
		}
	}
	list, err := os.ReadDir(filepath.Join(dir, "plant"))
	for _, e := range list {
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
	}
	return dir, size, err
}

func writeHistory(dir string, rows int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	m := newMachine(trainSensors, 5)
	at := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)
	for rows > 0 {
		n := int(at.AddDate(0, 1, 0).Sub(at) / trainRate)
		if err := writeMonth(filepath.Join(dir, at.Format("2006-01")+".csv"), m, at, min(n, rows)); err != nil {
			return err
		}
		rows -= n
		at = at.AddDate(0, 1, 0)
	}
	return nil
}

func writeMonth(path string, m *machine, at time.Time, rows int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	row := []byte("Timestamp")
	for j := range m.cells {
		row = fmt.Appendf(row, ",sensor_%03d", j)
	}
	for range rows {
		if _, err := w.Write(append(row, '\n')); err != nil {
			return err
		}
		at = at.Add(trainRate)
		row = at.AppendFormat(row[:0], "2006-01-02T15:04:05")
		for j, v := range m.next() {
			row = strconv.AppendFloat(append(row, ','), v, 'f', 1+j%4, 64)
		}
	}
	if _, err := w.Write(append(row, '\n')); err != nil {
		return err
	}
	return w.Flush()
}

// training is a history of BENCH_ROWS rows.
func training(ctx context.Context, b *bench) (string, error) {
	if !has(ctx, full, "train") {
		return "", errNotHere
	}
	dir, size, err := b.history()
	if err != nil {
		return "", err
	}
	model := filepath.Join(b.dir, "plant.mwm")
	defer os.Remove(model)
	c, err := spend(ctx, full, "train", "--data", dir, "--off", `plant\sensor_000 < 100`, "--model", model)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.0f s (CPU %.0f s, resident %s; %d rows, %.0f MB)",
		c.wall.Seconds(), c.cpu.Seconds(), mib(c.resident), b.rows, float64(size)/1e6), nil
}

// benchmarked runs one of the detector's benchmarks on one core and gives the time of an
// operation, the quickest of three.
func benchmarked(ctx context.Context, name string) (time.Duration, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return 0, errNotHere
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^Benchmark"+strings.ReplaceAll(name, "/", "$/^")+"$", "-count", "3", "./inference/detect")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", cmd, err)
	}
	var quickest time.Duration
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != "ns/op" {
			continue
		}
		ns, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", cmd, err)
		}
		if took := time.Duration(ns); quickest == 0 || took < quickest {
			quickest = took
		}
	}
	return quickest, nil
}

func trainingSmall(ctx context.Context, _ *bench) (string, error) {
	took, err := benchmarked(ctx, "Train/12000x25")
	return fmt.Sprintf("%.2f s", took.Seconds()), err
}

func scoring(ctx context.Context, _ *bench) (string, error) {
	took, err := benchmarked(ctx, "Score")
	return fmt.Sprintf("%.1f us", float64(took)/1e3), err
}
