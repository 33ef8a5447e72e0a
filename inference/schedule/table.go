package schedule

import (
	"bytes"
	"container/list"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"

	"millwright/internal/series"
)

// table is the rows of one file as they stand there.
type table struct {
	times []int64
	cols  [][]float64 // beside the sensors that were asked for; nil: the file has no such column
	notes []string
}

// always is every instant.
func always() Stretch { return Stretch{math.MinInt64, math.MaxInt64} }

// parse reads a file's rows of a stretch of time. What is no CSV with rows is an
// empty table with a note: other files may have what is needed.
func parse(body []byte, sensors []string, limit int64, span Stretch) *table {
	t := &table{cols: make([][]float64, len(sensors))}
	r, err := series.NewReader(bytes.NewReader(body), series.Options{MaxBytes: limit})
	if err != nil {
		return t.hopeless(err)
	}
	defer r.Close()
	names, clashes := series.MapNames(r.Names(), nil)
	for _, c := range clashes {
		t.notes = append(t.notes, fmt.Sprintf("column %.80q is left out: its name is no sensor's, or stands twice", strings.Join(c.Raw, ", ")))
	}
	places := make([]int, len(sensors))
	for i, s := range sensors {
		places[i] = slices.Index(names, s)
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return t.hopeless(err)
		}
		t.add(b, places, span)
	}
	for i, at := range places { // columns of a file without rows are still there
		if at >= 0 && t.cols[i] == nil {
			t.cols[i] = []float64{}
		}
	}
	t.tell(r.Report())
	return t
}

// add takes the rows of a batch that are in span.
func (t *table) add(b *series.Batch, places []int, span Stretch) {
	for from := 0; from < len(b.Times); {
		if !span.holds(b.Times[from]) {
			from++
			continue
		}
		to := from + 1
		for to < len(b.Times) && span.holds(b.Times[to]) {
			to++
		}
		t.times = append(t.times, b.Times[from:to]...)
		for i, at := range places {
			if at >= 0 {
				t.cols[i] = append(t.cols[i], b.Columns[at][from:to]...)
			}
		}
		from = to
	}
}

func (s Stretch) holds(t int64) bool { return s.From < t && t <= s.To }

func (t *table) hopeless(err error) *table {
	return &table{cols: make([][]float64, len(t.cols)), notes: append(t.notes, "no row can be used: "+err.Error())}
}

func (t *table) tell(r series.Report) {
	var bad int64
	for _, n := range r.Bad {
		bad += n
	}
	if bad > 0 && len(r.Faults) > 0 {
		f := r.Faults[0]
		t.notes = append(t.notes, fmt.Sprintf("%d rows or cells cannot be used, the first on line %d: %s: %.80q", bad, f.Line, f.Reason, f.Text))
	}
	if r.Damage != "" {
		t.notes = append(t.notes, r.Damage)
	}
}

func (t *table) size() int64 {
	n := int64(len(t.times)+32) * 8
	for _, c := range t.cols {
		n += int64(len(c)) * 8
	}
	return n
}

// tables keeps files that were read lately: a run looks at its neighbours' files.
type tables struct {
	limit int64

	mu    sync.Mutex
	used  int64
	order *list.List // of *kept, the newest in front
	byKey map[fileKey]*list.Element
}

type fileKey struct{ bucket, key, etag, sensors string }

type kept struct {
	fileKey
	*table
}

func newTables(limit int64) *tables {
	return &tables{limit: limit, order: list.New(), byKey: map[fileKey]*list.Element{}}
}

func (c *tables) get(k fileKey) *table {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[k]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*kept).table
}

func (c *tables) put(k fileKey, t *table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[k] != nil || t.size() > c.limit/8 {
		return
	}
	c.byKey[k] = c.order.PushFront(&kept{k, t})
	for c.used += t.size(); c.used > c.limit; {
		e := c.order.Back()
		old := e.Value.(*kept)
		c.order.Remove(e)
		delete(c.byKey, old.fileKey)
		c.used -= old.size()
	}
}
