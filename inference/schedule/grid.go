package schedule

import (
	"math"
	"slices"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
	"millwright/internal/window"
)

// part is a component of the model.
type part struct {
	name    string
	sensors []string
	columns []int // of the model, beside sensors
}

// partsOf splits a model's columns by component, in the order in which these come.
func partsOf(columns []frame.Name) []part {
	var parts []part
	at := map[string]int{}
	for i, c := range columns {
		p, ok := at[c.Component]
		if !ok {
			p = len(parts)
			at[c.Component] = p
			parts = append(parts, part{name: c.Component})
		}
		parts[p].sensors = append(parts[p].sensors, c.Sensor)
		parts[p].columns = append(parts[p].columns, i)
	}
	return parts
}

// grid joins the components' rows of some windows.
type grid struct {
	cadence window.Cadence
	columns []frame.Name
	wanted  map[int64]bool      // starts of windows
	cells   map[int64][]float64 // by start: label after label, all columns
}

func newGrid(frequency, rate time.Duration, columns []frame.Name, wanted map[int64]bool) *grid {
	return &grid{cadence: window.Cadence{Frequency: frequency, Rate: rate}, columns: columns, wanted: wanted, cells: map[int64][]float64{}}
}

// ref is a row of a table.
type ref struct {
	time  int64
	table int
	row   int
}

// add brings the rows of a component's files to the grid and tells how many each
// window has. Files are in the order of their keys. One counts for a window only if
// a run on it would look at a file of that name. Of values with the same timestamp
// and sensor the first counts.
func (g *grid) add(p part, files []File, tables []*table) map[int64]int {
	f := int64(g.cadence.Frequency)
	byStart := map[int64][]ref{}
	for n, t := range tables {
		for i, at := range t.times {
			if at < files[n].Stamp-f || at > files[n].Stamp+2*f {
				continue
			}
			start := g.cadence.Start(at)
			if g.wanted[start] && start-f <= files[n].Stamp && files[n].Stamp < start+2*f {
				byStart[start] = append(byStart[start], ref{at, n, i})
			}
		}
	}
	rows := make(map[int64]int, len(byStart))
	for start, refs := range byStart {
		rows[start] = len(refs)
		g.fill(p, start, refs, tables)
	}
	return rows
}

func (g *grid) fill(p part, start int64, refs []ref, tables []*table) {
	slices.SortStableFunc(refs, func(a, b ref) int { return int(min(1, max(-1, a.time-b.time))) })
	first, n := g.cadence.Labels(start)
	block := g.cells[start]
	if block == nil {
		block = make([]float64, n*len(g.columns))
		for i := range block {
			block[i] = math.NaN()
		}
		g.cells[start] = block
	}
	times := make([]int64, 0, len(refs))
	for i, r := range refs {
		if i == 0 || r.time != refs[i-1].time {
			times = append(times, r.time)
		}
	}
	values := make([]float64, len(times))
	bins := make([]float64, n)
	spec := series.Spec{Aggregate: series.AggregateMean, Fill: series.FillNone}
	for s, column := range p.columns {
		at := -1
		for i, r := range refs {
			if i == 0 || r.time != refs[i-1].time {
				at++
				values[at] = math.NaN()
			}
			if c := tables[r.table].cols[s]; c != nil && values[at] != values[at] {
				values[at] = c[r.row]
			}
		}
		spec.Column(bins, times, values, series.Grid{Rate: g.cadence.Rate}, first, series.Last{})
		for i, v := range bins {
			block[i*len(g.columns)+column] = v
		}
	}
}

// frame gives the rows of all windows in order: labels at which some sensor has a
// value.
func (g *grid) frame() *frame.Frame {
	starts := make([]int64, 0, len(g.cells))
	for s := range g.cells {
		starts = append(starts, s)
	}
	slices.Sort(starts)
	out := &frame.Frame{Columns: g.columns}
	for _, start := range starts {
		label, n := g.cadence.Labels(start)
		for i := range n {
			row := g.cells[start][i*len(g.columns) : (i+1)*len(g.columns)]
			if !blank(row) {
				out.Append(label, row)
			}
			label += int64(g.cadence.Rate)
		}
	}
	return out
}
