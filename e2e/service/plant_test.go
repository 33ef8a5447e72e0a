package service

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"millwright/e2e/harness"
)

// The simulated plant's life: it learns from before split, its model is judged on
// what follows until live, from where on windows are uploaded. Twenty hours later its
// bearing fails, which begins to wear out two hours after live.
var (
	begin = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	split = time.Date(2026, 1, 21, 0, 0, 0, 0, time.UTC)
	live  = time.Date(2026, 1, 24, 18, 0, 0, 0, time.UTC)
	wears = live.Add(2 * time.Hour)
	fails = live.Add(20 * time.Hour)
)

// plant is what the sensors of a plant say.
type plant struct {
	header map[string][]string
	rows   map[string][]row // by component, in the order of time
}

type row struct {
	at    time.Time
	cells []string // the timestamp is the first
}

// made is the one plant of all tests.
var made struct {
	once sync.Once
	plant
	err error
}

// history gives the plant, which the program's demo makes.
func history(t testing.TB) plant {
	t.Helper()
	binary := builder.Binary(t)
	made.once.Do(func() {
		dir := t.TempDir() // no test uses its files but to read them now
		out := harness.Run(t, binary, os.Environ(), "demo", "history", filepath.Join(dir, "plant"), "--weeks", "2")
		if out.Code != 0 {
			made.err = fmt.Errorf("exit code %d: %s", out.Code, out.Stderr)
			return
		}
		made.plant, made.err = read(filepath.Join(dir, "plant"))
	})
	must(t, "make a plant's history", made.err)
	return made.plant
}

func read(dir string) (plant, error) {
	p := plant{header: map[string][]string{}, rows: map[string][]row{}}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*.csv")) // in order: history before new
	if err != nil {
		return p, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return p, err
		}
		lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			return p, err
		}
		component := filepath.Base(filepath.Dir(file))
		p.header[component] = lines[0]
		for _, cells := range lines[1:] {
			at, err := time.Parse(time.RFC3339, cells[0])
			if err != nil {
				return p, err
			}
			p.rows[component] = append(p.rows[component], row{at, cells})
		}
	}
	return p, nil
}

// text gives the rows of a component with from < t <= to as a CSV file.
func (p plant) text(component string, from, to time.Time) []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, strings.Join(p.header[component], ","))
	for _, r := range p.rows[component] {
		if r.at.After(from) && !r.at.After(to) {
			fmt.Fprintln(&b, strings.Join(r.cells, ","))
		}
	}
	return b.Bytes()
}

// write writes what is before live below dir/history, a file for each component and
// days, and the labels of the faults in it below dir/labels.
func (p plant) write(t testing.TB, dir string, days int) (files int) {
	t.Helper()
	put := func(path string, content []byte) {
		path = filepath.Join(dir, path)
		must(t, "make a folder", os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, "write a file", os.WriteFile(path, content, 0o644))
	}
	for component := range p.rows {
		for from := begin; from.Before(live); from = from.AddDate(0, 0, days) {
			to := from.AddDate(0, 0, days)
			if to.After(live) {
				to = live
			}
			put(filepath.Join("history", component, from.Format("20060102")+".csv"), p.text(component, from, to))
			files++
		}
	}
	put("labels/labels.csv", []byte("2026-01-14T07:00:00.000000,2026-01-15T15:00:00.000000\n2026-01-21T05:00:00.000000,2026-01-23T11:00:00.000000\n"))
	return files
}
