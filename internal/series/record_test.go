//go:build !agent

package series

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

func firstRecord(t *testing.T, text string, o Options) (*Batch, arrow.Record) {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	return b, b.Record()
}

func TestRecordWide(t *testing.T) {
	t.Parallel()
	b, rec := firstRecord(t, "time,a,b\n2026-01-02 00:00:00,1.5,\n2026-01-02 00:00:01,2,3\n", Options{})
	if rec.NumRows() != 2 || rec.NumCols() != 3 || rec.Schema().Field(0).Type.String() != "timestamp[ns, tz=UTC]" || rec.ColumnName(2) != "b" {
		t.Fatalf("%v", rec.Schema())
	}
	times := rec.Column(0).(*array.Timestamp).TimestampValues()
	a, c := rec.Column(1).(*array.Float64), rec.Column(2).(*array.Float64)
	if int64(times[1]) != b.Times[1] || a.NullN() != 0 || a.Value(0) != 1.5 || !c.IsNull(0) || c.IsNull(1) || c.Value(1) != 3 {
		t.Errorf("%v", rec)
	}
	if &a.Float64Values()[0] != &b.Columns[0][0] {
		t.Error("the numbers were copied")
	}
}

func TestRecordLong(t *testing.T) {
	t.Parallel()
	_, rec := firstRecord(t, "time,tag,value\n2026-01-02 00:00:00,p,1\n2026-01-02 00:00:00,q,\n2026-01-02 00:00:01,p,2\n", Options{Layout: Long})
	tags := rec.Column(1).(*array.Dictionary)
	if rec.NumRows() != 3 || tags.ValueStr(0) != "p" || tags.ValueStr(1) != "q" || tags.ValueStr(2) != "p" || !rec.Column(2).IsNull(1) {
		t.Errorf("%v", rec)
	}
}
