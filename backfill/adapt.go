package backfill

import (
	"cmp"
	"math"
	"slices"

	"millwright/internal/series"
)

// adapt gives a batch with the track's columns instead of its file's; at says
// where each stands among them. What it gives is valid until the next call.
func (t *track) adapt(b *series.Batch, at []int) *series.Batch {
	switch {
	case b.Sensor != nil:
		return t.tags(b, at)
	case t.long:
		return t.spread(b, at)
	}
	same := len(at) == len(t.columns)
	for i := 0; same && i < len(at); i++ {
		same = at[i] == i
	}
	if same {
		return b
	}
	n := b.Len()
	for len(t.void) < n {
		t.void = append(t.void, math.NaN())
	}
	out := &t.rows
	out.Times, out.Sorted = b.Times, b.Sorted
	out.Columns = out.Columns[:0]
	for range t.columns {
		out.Columns = append(out.Columns, t.void[:n])
	}
	for i, k := range at {
		if k >= 0 {
			out.Columns[k] = b.Columns[i]
		}
	}
	return out
}

// tags renumbers the tags of a long batch and leaves out those that are not wanted.
func (t *track) tags(b *series.Batch, at []int) *series.Batch {
	out := t.empty()
	for i, s := range b.Sensor {
		if k := at[s]; k >= 0 {
			out.Times, out.Sensor = append(out.Times, b.Times[i]), append(out.Sensor, int32(k))
			out.Columns[0] = append(out.Columns[0], b.Columns[0][i])
		}
	}
	return out
}

// spread makes one row per value out of wide rows.
func (t *track) spread(b *series.Batch, at []int) *series.Batch {
	out := t.empty()
	for i, ns := range b.Times {
		for c, k := range at {
			if v := b.Columns[c][i]; k >= 0 && v == v {
				out.Times, out.Sensor, out.Columns[0] = append(out.Times, ns), append(out.Sensor, int32(k)), append(out.Columns[0], v)
			}
		}
	}
	return out
}

// empty is the scratch batch in the long layout.
func (t *track) empty() *series.Batch {
	out := &t.rows
	if out.Sensor == nil {
		out.Sensor, out.Columns = []int32{}, [][]float64{nil}
	}
	out.Times, out.Sensor, out.Columns[0] = out.Times[:0], out.Sensor[:0], out.Columns[0][:0]
	return out
}

func byRank(sources []*source) []*source {
	out := slices.Clone(sources)
	slices.SortFunc(out, func(a, b *source) int { return cmp.Compare(a.rank, b.rank) })
	return out
}
