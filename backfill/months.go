package backfill

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"millwright/ingest/take"
	"millwright/internal/series"
)

// write puts the tracks' bins side by side and makes each component's months
// out of them.
func (g *group) write(ctx context.Context) error {
	readers := g.bins.readers(int64(g.grid.Rate))
	tables := g.tables(readers)
	defer func() {
		for _, t := range tables {
			t.drop()
		}
	}()
	for _, r := range readers {
		if err := r.next(); err != nil {
			return err
		}
	}
	for n := 0; ; n++ {
		label := int64(math.MaxInt64)
		for _, r := range readers {
			if !r.done {
				label = min(label, r.label)
			}
		}
		if label == math.MaxInt64 {
			break
		}
		for _, t := range tables {
			if err := t.row(ctx, label, readers); err != nil {
				return err
			}
		}
		for _, r := range readers {
			if !r.done && r.label == label {
				if err := r.next(); err != nil {
					return err
				}
			}
		}
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for _, t := range tables {
		if err := t.finish(ctx); err != nil {
			return err
		}
	}
	return nil
}

// table is one component's training data in the making.
type table struct {
	*group
	component string
	header    []byte
	cells     []cellOf // by column
	month     *month
	row0      []byte // scratch
}

// cellOf says where a column's cells come from; reader -1: it is silent.
type cellOf struct{ reader, index int }

// tables finds the components of a group and their columns.
func (g *group) tables(readers []*binReader) []*table {
	at := map[take.Column]cellOf{}
	sensors := map[string][]string{}
	var components []string
	for i, r := range readers {
		for k, c := range r.run.track.columns {
			if _, known := sensors[c.Component]; !known {
				components, sensors[c.Component] = append(components, c.Component), nil
			}
			at[c] = cellOf{i, k}
			if r.run.track.heard[k] {
				sensors[c.Component] = append(sensors[c.Component], c.Sensor)
			}
		}
	}
	var out []*table
	for _, name := range components {
		t := &table{group: g, component: name, header: []byte("Timestamp")}
		for _, sensor := range g.order(name, sensors[name]) {
			where, ok := at[take.Column{Component: name, Sensor: sensor}]
			if !ok {
				where.reader = -1
			}
			t.cells = append(t.cells, where)
			t.header = append(append(t.header, ','), sensor...)
		}
		t.header = append(t.header, '\n')
		out = append(out, t)
	}
	return out
}

// row writes a label's row, unless all its cells are empty or it is not asked for.
func (t *table) row(ctx context.Context, label int64, readers []*binReader) error {
	from := label
	to := from + int64(t.grid.Rate)
	if t.grid.LabelOf(label+1) != label { // labels name the ends of bins
		from, to = label-int64(t.grid.Rate), label
	}
	if !t.o.From.IsZero() && from < t.o.From.UnixNano() || !t.o.To.IsZero() && to > t.o.To.UnixNano() {
		return nil
	}
	b, some := series.AppendStampSeconds(t.row0[:0], label), false
	for _, c := range t.cells {
		b = append(b, ',')
		if c.reader < 0 {
			continue
		}
		r := readers[c.reader]
		if r.done || r.label != label || c.index >= len(r.cells) {
			continue
		}
		if v := r.cells[c.index]; v-v == 0 { // neither NaN nor infinite
			b, some = series.AppendFloat(b, v), true
		}
	}
	t.row0 = append(b, '\n')
	if !some {
		return nil
	}
	stamp := time.Unix(0, label).UTC().Format("200601")
	if t.month != nil && t.month.stamp != stamp {
		if err := t.finish(ctx); err != nil {
			return err
		}
	}
	if t.month == nil {
		if err := t.begin(ctx, stamp); err != nil {
			return err
		}
	}
	t.month.rows++
	return t.month.write(t.row0)
}

// month is one object in the making.
type month struct {
	stamp string // yyyyMM
	path  string
	file  *os.File // nil in a dry run
	w     *bufio.Writer
	sha   hash.Hash
	md5   hash.Hash
	rows  int64
	size  int64
}

func (t *table) begin(ctx context.Context, stamp string) error {
	if err := t.room.check(ctx, 0); err != nil {
		return err
	}
	m := &month{stamp: stamp, path: filepath.Join(t.job.dir, t.component+"_"+stamp+".csv"), sha: sha256.New(), md5: md5.New()}
	out := io.MultiWriter(m.sha, m.md5)
	if !t.o.DryRun {
		f, err := os.Create(m.path)
		if err != nil {
			return fmt.Errorf("create %s: %w", m.path, err)
		}
		m.file, out = f, io.MultiWriter(f, m.sha, m.md5)
	}
	m.w = bufio.NewWriterSize(out, 256<<10)
	t.month = m
	return m.write(t.header)
}

func (m *month) write(b []byte) error {
	m.size += int64(len(b))
	if _, err := m.w.Write(b); err != nil {
		return fmt.Errorf("write %s: %w", m.path, err)
	}
	return nil
}

// finish sends the month in hand, if there is one.
func (t *table) finish(ctx context.Context) error {
	m := t.month
	if m == nil {
		return nil
	}
	if err := m.w.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", m.path, err)
	}
	if err := t.deliver(ctx, t.component, m); err != nil {
		return err
	}
	t.drop()
	return nil
}

// drop removes the month in hand.
func (t *table) drop() {
	if t.month != nil && t.month.file != nil {
		_ = t.month.file.Close()
		_ = os.Remove(t.month.path)
	}
	t.month = nil
}
