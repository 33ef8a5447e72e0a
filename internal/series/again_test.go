package series

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"
)

// One Again reads files one after another, whatever is in them, as Readers made
// for each would.
func TestAgainReadsAsANewReader(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	bodies := []string{
		"2026-01-02 00:00:00,1.5,x,2\n2026-01-02 00:00:01,2.5,,3\n",
		"2026-01-02 00:00:01,1.5,7,2\n2026-01-02 00:00:01,2.5,note,\n",
		"nothing,here,is,\n2026-01-03 00:00:00,,,\n",
		"2026-01-02 00:00:00,\"4.5\",8,2\n" + strings.Repeat("2026-01-05 00:00:00,4,5,6\n", 700),
		"2025-10-26 02:30:00,1,1,1\n2025-10-26 02:40:00,1,1,1\n2025-10-26 02:10:00,1,1,1\n2025-10-26 03:10:00,1,1,1\n",
		"2025-10-26 02:30:00,1,1,1\n",
		"",
		"2026-01-02 00:00:00,1.5,7,2",
	}
	head := "time,a,b,\n"
	rd, err := NewReader(strings.NewReader(head+bodies[0]), Options{Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Zone: zone, Lines: true, WholeLines: true}
	again, err := NewAgain(rd.Dialect(), o)
	if err != nil {
		t.Fatal(err)
	}
	read := func(r *Reader, err error) (rows []string, rep Report, offset int64) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		rows, err = drain(r)
		if err != nil {
			t.Fatal(err)
		}
		offset, _ = r.Consumed()
		rep = r.Report()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		return rows, rep, offset
	}
	o.Memory = new(Memory)
	for range 2 {
		for i, body := range bodies {
			o.Resume = &Resume{Dialect: rd.Dialect(), Offset: int64(len(head)), Line: 1}
			o.ModTime = time.Date(2025, 10, 26, i, 0, 0, 0, time.UTC)
			rows, rep, offset := read(again.Reader(bytes.NewReader([]byte(body)), o))
			plain, plainRep, plainOffset := read(NewReader(strings.NewReader(body), o))
			if !reflect.DeepEqual(rows, plain) || !reflect.DeepEqual(rep, plainRep) || offset != plainOffset {
				t.Fatalf("body %d is read as\n%v\n%+v\nnot as\n%v\n%+v", i, rows, rep, plain, plainRep)
			}
		}
	}
}
