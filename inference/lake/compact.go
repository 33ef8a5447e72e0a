package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
)

// Compaction is what became of a day's windows.
type Compaction struct {
	Objects []Object `json:"objects"` // one for each component
	Inputs  []string `json:"inputs"`  // keys that they stand for, sorted
}

// Compact joins the objects of a model and day, windows and those of earlier
// compactions, into one for each component, with a column for each of the names.
// The inputs stay: the caller first takes the new objects for the old ones, then
// calls Remove with Inputs. Called again with the same objects it does the same,
// or nothing when it was done.
func (l *Lake) Compact(ctx context.Context, model string, day int64, objects []Object, names []frame.Name) (*Compaction, error) {
	c := &Compaction{}
	for _, o := range objects {
		c.Inputs = append(c.Inputs, o.Key)
	}
	slices.Sort(c.Inputs)
	c.Inputs = slices.Compact(c.Inputs)
	sum := sha256.Sum256([]byte(strings.Join(c.Inputs, "\n")))
	hash := hex.EncodeToString(sum[:8])
	key := fmt.Sprintf("%smanifests/%s-%s.json", InferencePrefix(model), dayName(day), hash)
	switch ok, err := l.getJSON(ctx, key, c); {
	case err != nil:
		return nil, err
	case ok:
		return c, nil
	}
	up := l.newUploads(ctx)
	defer up.close()
	writers := newCompactors(names, func(component string) string {
		return fmt.Sprintf("%s%s/%s/%s.parquet", InferencePrefix(model), component, dayName(day), hash)
	})
	defer writers.close()
	if err := l.newMerge(once(objects), names, math.MinInt64, math.MaxInt64).each(ctx, func(b *series.Batch) error {
		return writers.add(l.o.Scratch, b)
	}); err != nil {
		return nil, err
	}
	for _, w := range writers.all {
		if w.staged == nil {
			continue
		}
		if err := w.table.end(); err != nil {
			return nil, err
		}
		w.object.Day, w.object.Rows, w.object.Size = day, w.table.rows, w.staged.size
		c.Objects = append(c.Objects, w.object)
		s := w.staged
		w.staged = nil
		up.add(w.object.Key, s)
	}
	if err := up.end(); err != nil {
		return nil, err
	}
	if err := l.putJSON(ctx, key, c); err != nil {
		return nil, err
	}
	return c, nil
}

// once gives each object once, whatever number of components it is listed for.
func once(objects []Object) []Object {
	at := map[string]int{}
	var all []Object
	for _, o := range objects {
		if i, ok := at[o.Key]; ok {
			first := &all[i]
			first.Component = ""
			first.Start, first.End = min(first.Start, o.Start), max(first.End, o.End)
			continue
		}
		at[o.Key] = len(all)
		all = append(all, o)
	}
	return all
}

// compactors write an object for each component.
type compactors struct{ all []*compactor }

type compactor struct {
	names  []string
	from   []int // its columns among all
	at     []int // its columns in rows
	rows   series.Batch
	table  *table
	staged *staged
	object Object
}

func newCompactors(names []frame.Name, key func(component string) string) *compactors {
	c := &compactors{}
	of := map[string]*compactor{}
	for i, n := range names {
		w := of[n.Component]
		if w == nil {
			w = &compactor{object: Object{Component: n.Component, Key: key(n.Component)}}
			of[n.Component] = w
			c.all = append(c.all, w)
		}
		w.names, w.from, w.at = append(w.names, n.Sensor), append(w.from, i), append(w.at, len(w.at))
		w.rows.Columns = append(w.rows.Columns, nil)
	}
	slices.SortFunc(c.all, func(a, b *compactor) int { return strings.Compare(a.object.Component, b.object.Component) })
	return c
}

// add hands rows to each component that has a value in them.
func (c *compactors) add(scratch string, b *series.Batch) error {
	for _, w := range c.all {
		w.pick(b)
		n := len(w.rows.Times)
		if n == 0 {
			continue
		}
		if w.staged == nil {
			var err error
			if w.table, err = newTable(w.names); err != nil {
				return err
			}
			w.staged = newStaged(scratch)
			w.table.begin(w.staged)
			w.object.Start = w.rows.Times[0]
		}
		w.object.End = w.rows.Times[n-1]
		if err := w.table.add(w.rows.Times, w.rows.Columns, w.at, 0, n); err != nil {
			return err
		}
	}
	return nil
}

// pick takes the rows in which the component has a value.
func (w *compactor) pick(b *series.Batch) {
	w.rows.Times = w.rows.Times[:0]
	for k := range w.rows.Columns {
		w.rows.Columns[k] = w.rows.Columns[k][:0]
	}
	for i, t := range b.Times {
		if !slices.ContainsFunc(w.from, func(c int) bool { return !math.IsNaN(b.Columns[c][i]) }) {
			continue
		}
		w.rows.Times = append(w.rows.Times, t)
		for k, c := range w.from {
			w.rows.Columns[k] = append(w.rows.Columns[k], b.Columns[c][i])
		}
	}
}

func (c *compactors) close() {
	for _, w := range c.all {
		if w.staged != nil {
			w.staged.close()
		}
	}
}
