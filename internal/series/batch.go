package series

// Batch is a run of rows as they stand in the file. Its slices belong to the
// Reader and are valid until the next call of Next; Record gives the same rows
// as an Arrow record batch.
//
// Wide layout: Columns has one slice for each of the Reader's Names, Sensor is
// nil. Long layout: Columns has exactly one slice, and Sensor[i] is the index
// into Names of row i's tag.
type Batch struct {
	Times   []int64     // Unix ns, UTC
	Lines   []int64     // line in the file, from 1; nil when the Reader was not asked for lines
	Sensor  []int32     // long layout only
	Columns [][]float64 // NaN is a missing value
	Sorted  bool        // Times is strictly ascending and begins after the previous batch's last row

	names []string
}

// Len is the number of rows.
func (b *Batch) Len() int { return len(b.Times) }
