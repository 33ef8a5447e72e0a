package series

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestScanIsTheSameOnAnyNumberOfGoroutines holds rows and report of a file that
// is read in parts against those of reading it in order.
func TestScanIsTheSameOnAnyNumberOfGoroutines(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("time,a,b\n")
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for i := range 100_000 {
		cell := fmt.Sprint(i)
		switch i % 40_000 {
		case 11:
			cell = "x"
		case 12:
			cell = `"7"`
		}
		fmt.Fprintf(&b, "%s,%d.5,%s\n", at.Add(time.Duration(i)*time.Second).Format(time.DateTime), i%50, cell)
	}
	text := b.String()
	scan := func(jobs int) (times []int64, cells []float64, rep Report) {
		rep, err := Scan(t.Context(), io.NewSectionReader(strings.NewReader(text), 0, int64(len(text))), Options{}, jobs, func(r *Reader) (func(*Batch) error, error) {
			return func(b *Batch) error {
				times = append(times, b.Times...)
				for _, v := range b.Columns[1] {
					if v != v {
						v = -1
					}
					cells = append(cells, v)
				}
				return nil
			}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return times, cells, rep
	}
	times, cells, rep := scan(1)
	for _, jobs := range []int{2, 5} {
		gotTimes, gotCells, gotRep := scan(jobs)
		if !reflect.DeepEqual(times, gotTimes) || !reflect.DeepEqual(cells, gotCells) {
			t.Errorf("%d jobs: other rows", jobs)
		}
		if !reflect.DeepEqual(rep, gotRep) {
			t.Errorf("%d jobs: report\n%+v\nwant\n%+v", jobs, gotRep, rep)
		}
	}
}

func TestScanStopsWhenToldTo(t *testing.T) {
	t.Parallel()
	stop := errors.New("enough")
	text := "time,a\n2026-01-05 00:00:00,1\n2026-01-05 00:01:00,2\n"
	in := io.NewSectionReader(strings.NewReader(text), 0, int64(len(text)))
	_, err := Scan(t.Context(), in, Options{}, 1, func(*Reader) (func(*Batch) error, error) { return nil, stop })
	if !errors.Is(err, stop) {
		t.Errorf("begin's error is lost: %v", err)
	}
	in = io.NewSectionReader(strings.NewReader(text), 0, int64(len(text)))
	_, err = Scan(t.Context(), in, Options{}, 1, func(*Reader) (func(*Batch) error, error) { return func(*Batch) error { return stop }, nil })
	if !errors.Is(err, stop) {
		t.Errorf("add's error is lost: %v", err)
	}
}
