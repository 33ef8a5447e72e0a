package series

import (
	"bytes"
	"io"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestSpoolGivesBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := NewSpool(dir)
		var want []byte
		for range rapid.IntRange(0, 6).Draw(t, "writes") {
			p := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, rapid.IntRange(0, spoolMemory).Draw(t, "length"))
			if _, err := s.Write(p); err != nil {
				t.Fatal(err)
			}
			want = append(want, p...)
			if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				if err := s.Restart(); err != nil {
					t.Fatal(err)
				}
				want = nil
			}
		}
		got, err := io.ReadAll(s.Reader())
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes come back of %d, %v", len(got), len(want), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLongSinkSortsColumnsThatCameLate(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := newLongSink(&out, map[string]string{"x y": "b"}, t.TempDir())
	for i, cells := range [][]float64{{1}, {2, 3}, {math.NaN(), 4, 5, 6}} {
		if err := s.row(int64(i)*1e9, cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.finish([]string{"z", "x y", "a", "(column 9)"}); err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	want := "Timestamp,a,b,z\n" +
		"1970-01-01T00:00:00.000000,,,1\n" +
		"1970-01-01T00:00:01.000000,,3,2\n" +
		"1970-01-01T00:00:02.000000,5,4,\n"
	if out.String() != want {
		t.Errorf("got\n%s", &out)
	}
	if names, clashes := s.names(); len(names) != 3 || len(clashes) != 1 {
		t.Errorf("names %v, clashes %v", names, clashes)
	}
}
