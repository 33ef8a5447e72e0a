// Package drops makes up what loggers write: seeded plans of CSV drops with the
// disorder of real plants. The same plan gives the same drops. It writes no files.
package drops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"millwright/e2e/oracle"
)

// Plan says what is logged and how untidily. Shares are from 0 to 1.
type Plan struct {
	Seed       uint64
	Components []string
	Sensors    []string
	From       time.Time
	For        time.Duration
	Step       time.Duration // between rows
	File       time.Duration // rows of how long a stretch are in one file
	Delay      time.Duration // from a file's last row until it is dropped

	Empty     float64 // share of cells that have no value
	Gaps      float64 // share of files that lack a run of rows
	Disorder  float64 // share of files whose rows are shuffled or newest first
	Corrected float64 // share of files that are dropped again, corrected, under their path
	Repeated  float64 // share of files some rows of which come under another path with other values
}

// Drops gives the plan's drops in the order of At.
func (p Plan) Drops() []oracle.Drop {
	rng := rand.New(rand.NewPCG(p.Seed, 0x6d696c6c))
	var all []oracle.Drop
	for _, component := range p.Components {
		walk := make([]float64, len(p.Sensors))
		for i := range walk {
			walk[i] = 20 + 60*rng.Float64()
		}
		for from := p.From; from.Before(p.From.Add(p.For)); from = from.Add(p.File) {
			all = append(all, p.file(rng, component, from, walk)...)
		}
	}
	slices.SortStableFunc(all, func(a, b oracle.Drop) int { return a.At.Compare(b.At) })
	return all
}

// row is a stamp and its cells.
type row struct {
	at    time.Time
	cells []string
}

func (p Plan) file(rng *rand.Rand, component string, from time.Time, walk []float64) []oracle.Drop {
	var rows []row
	for t := from.Add(p.Step); !t.After(from.Add(p.File)); t = t.Add(p.Step) {
		r := row{at: t}
		for i := range walk {
			walk[i] += rng.NormFloat64()
			r.cells = append(r.cells, p.cell(rng, walk[i]))
		}
		rows = append(rows, r)
	}
	if rng.Float64() < p.Gaps && len(rows) > 2 {
		a := rng.IntN(len(rows) - 1)
		rows = slices.Delete(rows, a, min(len(rows)-1, a+1+rng.IntN(len(rows)/2)))
	}
	if rng.Float64() < p.Disorder {
		if slices.Reverse(rows); rng.IntN(2) == 0 {
			rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
	}
	end := from.Add(p.File)
	drop := oracle.Drop{
		Path:      fmt.Sprintf("%s/%s_%s.csv", component, component, end.UTC().Format("20060102T150405Z")),
		Component: component, At: end.Add(p.Delay), Content: p.text(rows),
	}
	all := []oracle.Drop{drop}
	if rng.Float64() < p.Corrected {
		again := drop
		again.At = drop.At.Add(time.Second)
		again.Content = p.text(p.others(rng, rows))
		all = append(all, again)
	}
	if rng.Float64() < p.Repeated {
		other := drop
		other.Path = strings.TrimSuffix(drop.Path, ".csv") + "-again.csv"
		other.At = drop.At.Add(2 * time.Second)
		other.Content = p.text(p.others(rng, rows[:1+rng.IntN(len(rows))]))
		all = append(all, other)
	}
	return all
}

// others gives the same rows with other values.
func (p Plan) others(rng *rand.Rand, rows []row) []row {
	var other []row
	for _, r := range rows {
		o := row{at: r.at}
		for range r.cells {
			o.cells = append(o.cells, p.cell(rng, 100*rng.Float64()))
		}
		other = append(other, o)
	}
	return other
}

func (p Plan) cell(rng *rand.Rand, v float64) string {
	if rng.Float64() < p.Empty {
		return ""
	}
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

func (p Plan) text(rows []row) []byte {
	var b strings.Builder
	b.WriteString("Timestamp," + strings.Join(p.Sensors, ",") + "\n")
	for _, r := range rows {
		b.WriteString(r.at.UTC().Format(time.RFC3339Nano) + "," + strings.Join(r.cells, ",") + "\n")
	}
	return []byte(b.String())
}
