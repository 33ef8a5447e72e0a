package lake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"

	"millwright/inference/detect/frame"
	"millwright/internal/objstore"
)

// Object is a Parquet object of the work bucket with rows in the order of time.
type Object struct {
	Component string `json:"component"`
	Day       int64  `json:"day"` // days since 1970-01-01 UTC
	Key       string `json:"key"`
	Start     int64  `json:"start"` // first and last row, Unix ns
	End       int64  `json:"end"`
	Rows      int64  `json:"rows"`
	Size      int64  `json:"size"` // bytes
}

const blockRows = 1024 // rows of an object in memory

// objectReader reads an object's rows block by block.
type objectReader struct {
	Object
	order  int // of rows with the same stamp, those of the lowest order come first
	from   io.Closer
	r      *file.Reader
	column []int // of the file, for each wanted one; -1: not there
	has    []int // the wanted ones that are there
	group  int   // next one
	left   int64 // rows of the present group
	stamps *file.Int64ColumnChunkReader
	data   []*file.Float64ColumnChunkReader

	times  []int64
	cells  [][]float64 // nil: not there
	pos    int
	levels []int16
}

// fetched is an object's content.
type fetched interface {
	parquet.ReaderAtSeeker
	io.Closer
}

type inMemoryObject struct{ *bytes.Reader }

func (inMemoryObject) Close() error { return nil }

// fetch gets an object: into memory, or into a scratch file that is gone when it
// is closed.
func (l *Lake) fetch(ctx context.Context, o Object) (fetched, error) {
	if o.Size <= keepWhole {
		b, info, err := l.store.Get(ctx, l.o.Bucket, o.Key, max(o.Size, 1))
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(b); differs(info, sum[:]) {
			return nil, damaged(o.Key)
		}
		return inMemoryObject{bytes.NewReader(b)}, nil
	}
	f, err := os.CreateTemp(l.o.Scratch, "millwright-lake-*.scratch")
	if err != nil {
		return nil, fmt.Errorf("create scratch file: %w", err)
	}
	_ = os.Remove(f.Name())
	sum := sha256.New()
	info, err := l.store.Download(ctx, l.o.Bucket, o.Key, "", o.Size, io.MultiWriter(f, sum))
	if err == nil && differs(info, sum.Sum(nil)) {
		err = damaged(o.Key)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// differs tells whether a content is not what was written.
func differs(info objstore.Info, sum []byte) bool {
	return info.SHA256 != "" && info.SHA256 != hex.EncodeToString(sum)
}

func damaged(key string) error {
	return fmt.Errorf("read %s: it is not what was written: restore the work bucket, or ingest the data again", key)
}

// guard makes an error of a panic: the Parquet library has them for damaged files.
func guard(key string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("read %s: it is damaged: %v", key, p)
	}
}

// open begins to read an object's columns of these names. In objects with several
// components they are called component\sensor.
func (l *Lake) open(ctx context.Context, o Object, names []frame.Name) (*objectReader, error) {
	from, err := l.fetch(ctx, o)
	if err != nil {
		return nil, err
	}
	r, err := newObjectReader(o, from, names)
	if err != nil {
		_ = from.Close()
		return nil, fmt.Errorf("read %s: %w", o.Key, err)
	}
	return r, nil
}

func newObjectReader(o Object, from fetched, names []frame.Name) (r *objectReader, err error) {
	defer guard(o.Key, &err)
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true
	pr, err := file.NewParquetReader(from, file.WithReadProps(props))
	if err != nil {
		return nil, err
	}
	r = &objectReader{Object: o, from: from, r: pr, column: make([]int, len(names)), cells: make([][]float64, len(names)), data: make([]*file.Float64ColumnChunkReader, len(names))}
	at := map[string]int{}
	sc := pr.MetaData().Schema
	for i := range sc.NumColumns() {
		at[sc.Column(i).Name()] = i
	}
	if sc.NumColumns() == 0 || sc.Column(0).Name() != stampName || sc.Column(0).PhysicalType() != parquet.Types.Int64 {
		return nil, fmt.Errorf("it has no column %s at its beginning", stampName)
	}
	for k, n := range names {
		i, ok := at[n.String()]
		if !ok && (o.Component == "" || n.Component == o.Component) {
			i, ok = at[n.Sensor]
		}
		if r.column[k] = -1; ok && i > 0 {
			if sc.Column(i).PhysicalType() != parquet.Types.Double {
				return nil, fmt.Errorf("its column %s holds no numbers", n.Sensor)
			}
			r.column[k] = i
			r.has = append(r.has, k)
		}
	}
	return r, nil
}

func (r *objectReader) close() { _ = r.from.Close() }

// next reads the next block; false at the end.
func (r *objectReader) next() (more bool, err error) {
	defer guard(r.Key, &err)
	for r.left == 0 {
		if r.group == r.r.NumRowGroups() {
			return false, nil
		}
		if err := r.begin(); err != nil {
			return false, fmt.Errorf("read %s: %w", r.Key, err)
		}
	}
	n := int(min(r.left, blockRows))
	r.left -= int64(n)
	r.pos = 0
	r.times = slices.Grow(r.times[:0], n)[:n]
	for got := 0; got < n; {
		total, _, err := r.stamps.ReadBatch(int64(n-got), r.times[got:], nil, nil)
		if err == nil && total == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return false, fmt.Errorf("read %s: %w", r.Key, err)
		}
		got += int(total)
	}
	for _, k := range r.has {
		if err := r.cellsOf(k, n); err != nil {
			return false, fmt.Errorf("read %s: %w", r.Key, err)
		}
	}
	return true, nil
}

// begin opens the next row group.
func (r *objectReader) begin() error {
	rg := r.r.RowGroup(r.group)
	r.group++
	r.left = rg.NumRows()
	c, err := rg.Column(0)
	if err != nil {
		return err
	}
	r.stamps = c.(*file.Int64ColumnChunkReader)
	for _, k := range r.has {
		if c, err = rg.Column(r.column[k]); err != nil {
			return err
		}
		r.data[k] = c.(*file.Float64ColumnChunkReader)
	}
	return nil
}

// cellsOf reads n cells of a column, NaN for those that are missing.
func (r *objectReader) cellsOf(k, n int) error {
	r.levels = slices.Grow(r.levels[:0], n)[:n]
	r.cells[k] = slices.Grow(r.cells[k][:0], n)[:n]
	cells := r.cells[k]
	for got := 0; got < n; {
		total, values, err := r.data[k].ReadBatch(int64(n-got), cells[got:], r.levels[got:], nil)
		if err != nil {
			return err
		}
		if total == 0 {
			return fmt.Errorf("column %d ends early", r.column[k])
		}
		end := got + int(total)
		for i, v := end-1, got+values-1; i >= got && v < i; i-- { // the values stand together at the front
			if r.levels[i] == 0 {
				cells[i] = math.NaN()
				continue
			}
			cells[i] = cells[v]
			v--
		}
		got = end
	}
	return nil
}
