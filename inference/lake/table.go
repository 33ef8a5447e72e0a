package lake

import (
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

const (
	groupCells = 1 << 20  // cells of a row group: 8 MiB
	groupRows  = 64 << 10 // rows of a row group at most
	pageBytes  = 64 << 10 // what a reader unpacks of a column at a time
	stampName  = "timestamp"
	madeBy     = "millwright"
)

// table writes rows as Parquet: "timestamp" (ns, UTC) and an optional double for
// each column. The same rows, added in whatever pieces, give the same bytes.
type table struct {
	columns []string
	node    *schema.GroupNode
	props   *parquet.WriterProperties
	w       *file.Writer
	group   int // rows of a row group
	times   []int64
	cells   [][]float64
	dense   []float64 // of a column, without NaN
	levels  []int16
	ones    []int16
	rows    int64
}

// newTable makes a table for files with these columns, one after the other.
func newTable(columns []string) (*table, error) {
	t := &table{columns: columns, group: max(1, min(groupRows, groupCells/(len(columns)+1))), cells: make([][]float64, len(columns))}
	stamp, err := schema.NewPrimitiveNodeLogical(stampName, parquet.Repetitions.Required, schema.NewTimestampLogicalType(true, schema.TimeUnitNanos), parquet.Types.Int64, -1, -1)
	if err != nil {
		return nil, fmt.Errorf("make Parquet schema: %w", err)
	}
	fields := schema.FieldList{stamp}
	for _, name := range columns {
		fields = append(fields, schema.NewFloat64Node(name, parquet.Repetitions.Optional, -1))
	}
	if t.node, err = schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1); err != nil {
		return nil, fmt.Errorf("make Parquet schema: %w", err)
	}
	t.props = parquet.NewWriterProperties(
		parquet.WithCreatedBy(madeBy), parquet.WithVersion(parquet.V2_LATEST), parquet.WithCompression(compress.Codecs.Snappy),
		parquet.WithDataPageSize(pageBytes), parquet.WithDictionaryDefault(false), parquet.WithStats(false),
		parquet.WithEncodingFor(stampName, parquet.Encodings.DeltaBinaryPacked),
	)
	return t, nil
}

// begin starts a file.
func (t *table) begin(w io.Writer) {
	t.w = file.NewParquetWriter(w, t.node, file.WithWriterProps(t.props))
	t.rows = 0
}

// add takes rows i to j-1; at[k] is where column k is among values, -1 for none.
func (t *table) add(times []int64, values [][]float64, at []int, i, j int) error {
	for i < j {
		n := min(j-i, t.group-len(t.times))
		t.times = append(t.times, times[i:i+n]...)
		for k, from := range at {
			if from >= 0 {
				t.cells[k] = append(t.cells[k], values[from][i:i+n]...)
				continue
			}
			for range n {
				t.cells[k] = append(t.cells[k], math.NaN())
			}
		}
		i += n
		if len(t.times) == t.group {
			if err := t.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes a row group.
func (t *table) flush() error {
	n := len(t.times)
	if n == 0 {
		return nil
	}
	t.rows += int64(n)
	rg := t.w.AppendRowGroup()
	if err := t.column(rg, func(c file.ColumnChunkWriter) error {
		_, err := c.(*file.Int64ColumnChunkWriter).WriteBatch(t.times, nil, nil)
		return err
	}); err != nil {
		return err
	}
	for k := range t.cells {
		values, levels := t.optional(t.cells[k])
		if err := t.column(rg, func(c file.ColumnChunkWriter) error {
			_, err := c.(*file.Float64ColumnChunkWriter).WriteBatch(values, levels, nil)
			return err
		}); err != nil {
			return err
		}
		t.cells[k] = t.cells[k][:0]
	}
	t.times = t.times[:0]
	if err := rg.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

func (t *table) column(rg file.SerialRowGroupWriter, write func(file.ColumnChunkWriter) error) error {
	c, err := rg.NextColumn()
	if err == nil {
		if err = write(c); err == nil {
			err = c.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// optional parts a column into the values that are there and a level for each row.
func (t *table) optional(cells []float64) ([]float64, []int16) {
	first := 0
	for first < len(cells) && cells[first] == cells[first] {
		first++
	}
	if first == len(cells) {
		for len(t.ones) < len(cells) {
			t.ones = append(t.ones, 1)
		}
		return cells, t.ones[:len(cells)]
	}
	t.dense, t.levels = t.dense[:0], t.levels[:0]
	for _, v := range cells {
		if v == v {
			t.dense, t.levels = append(t.dense, v), append(t.levels, 1)
		} else {
			t.levels = append(t.levels, 0)
		}
	}
	return t.dense, t.levels
}

// end writes the last rows and the footer.
func (t *table) end() error {
	if err := t.flush(); err != nil {
		return err
	}
	if err := t.w.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	t.w = nil
	return nil
}
