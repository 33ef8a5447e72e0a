//go:build !agent

package series

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Record gives the rows as an Arrow record batch. Wide: "timestamp" (ns, UTC)
// and a float64 column per sensor. Long: "timestamp", "sensor" (dictionary of
// names) and "value". Missing values are null. Numbers and stamps are not
// copied: the record is valid as long as the batch is.
func (b *Batch) Record() arrow.Record {
	stamp := &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	fields := []arrow.Field{{Name: "timestamp", Type: stamp}}
	times := array.NewData(stamp, b.Len(), []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(b.Times))}, nil, 0, 0)
	columns := []arrow.Array{array.NewTimestampData(times)}
	if b.Sensor != nil {
		dict := b.tags()
		fields = append(fields, arrow.Field{Name: "sensor", Type: dict.DataType()})
		columns = append(columns, dict)
	}
	for i, values := range b.Columns {
		name := "value"
		if b.Sensor == nil && i < len(b.names) {
			name = b.names[i]
		}
		fields = append(fields, arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Float64, Nullable: true})
		columns = append(columns, floats(values))
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(b.Len()))
}

// tags is the sensor column of the long layout.
func (b *Batch) tags() arrow.Array {
	names := array.NewStringBuilder(memory.DefaultAllocator)
	defer names.Release()
	for _, n := range b.names {
		names.Append(n)
	}
	index := array.NewData(arrow.PrimitiveTypes.Int32, b.Len(), []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(b.Sensor))}, nil, 0, 0)
	kind := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	return array.NewDictionaryArray(kind, array.NewInt32Data(index), names.NewStringArray())
}

// floats wraps values; only where one is missing it needs a bitmap.
func floats(values []float64) arrow.Array {
	var valid *memory.Buffer
	nulls := 0
	for i, v := range values {
		if v == v {
			continue
		}
		if valid == nil {
			bits := make([]byte, (len(values)+7)/8)
			for k := range bits {
				bits[k] = 0xff
			}
			valid = memory.NewBufferBytes(bits)
		}
		valid.Bytes()[i/8] &^= 1 << (i % 8)
		nulls++
	}
	data := array.NewData(arrow.PrimitiveTypes.Float64, len(values), []*memory.Buffer{valid, memory.NewBufferBytes(arrow.Float64Traits.CastToBytes(values))}, nil, nulls, 0)
	return array.NewFloat64Data(data)
}
