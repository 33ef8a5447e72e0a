package segment

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// readAll reads everything there is in a segment and returns the errors.
func readAll(content []byte, refs []Ref) error {
	f, err := newFile(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return err
	}
	damage, err := f.scan(func(_ []byte, blocks []Ref) error { refs = append(refs, blocks...); return nil })
	errs := []error{damage, err}
	for _, ref := range refs {
		b, err := f.Block(ref)
		if errs = append(errs, err); err != nil {
			continue
		}
		for _, s := range b.Groups() {
			_, err1 := s.Times(nil)
			_, err2 := s.Lines(nil)
			errs = append(errs, err1, err2)
			for i := range s.Sensors {
				_, err := s.Column(i, nil)
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// small is a segment of two drops of five rows.
func small(tb testing.TB) ([]byte, []Ref) {
	tb.Helper()
	dir := tb.TempDir()
	w, err := Create(dir, "a.seg")
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Abort()
	var refs []Ref
	for range 2 {
		ref, err := w.Block("pump-7", 0, []Group{sampleGroup(0, 5, 3)})
		if err != nil {
			tb.Fatal(err)
		}
		refs = append(refs, ref)
		if err := w.Drop([]byte(`{"Name":"a"}`)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "a.seg"))
	if err != nil {
		tb.Fatal(err)
	}
	return b, refs
}

// Every single changed byte and every cut is noticed, as damage and nothing else.
func TestEveryDamageIsNoticed(t *testing.T) {
	t.Parallel()
	whole, refs := small(t)
	try := func(what string, at int, b []byte) {
		err := readAll(b, refs)
		if err == nil || (!errors.Is(err, ErrDamaged) && (at < 8 || at >= 12)) {
			t.Fatalf("%s %d: %v, want damage", what, at, err)
		}
	}
	for i := range whole {
		b := append([]byte(nil), whole...)
		b[i] ^= 0x10
		try("byte", i, b)
		try("cut", i, whole[:i])
	}
}

// A damaged block costs its drop only, with an index or without.
func TestScanGivesWhatIsWhole(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		damage func(b []byte, refs []Ref) []byte
		want   int
	}{
		{"nothing", func(b []byte, _ []Ref) []byte { return b }, 3},
		{"no end", func(b []byte, _ []Ref) []byte { return b[:len(b)-5] }, 3},
		{"second drop's block", func(b []byte, refs []Ref) []byte { b[refs[2].Offset+refs[2].Length-9] ^= 1; return b }, 2},
		{"second drop's block header", func(b []byte, refs []Ref) []byte { b[refs[2].Offset] ^= 1; return b }, 2},
		{"second drop's record", func(b []byte, refs []Ref) []byte { b[refs[4].Offset-8] ^= 1; return b }, 2},
		{"no end, second drop's block header", func(b []byte, refs []Ref) []byte { b[refs[2].Offset] ^= 1; return b[:len(b)-5] }, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path, refs := sample(t, 3, 2)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, tc.damage(b, refs), 0o600); err != nil {
				t.Fatal(err)
			}
			got := 0
			err = Scan(path, func(_ []byte, blocks []Ref) error {
				if len(blocks) != 2 {
					t.Errorf("a drop with %d blocks, want 2", len(blocks))
				}
				got++
				return nil
			})
			if got != tc.want || (err == nil) != (tc.name == "nothing") {
				t.Errorf("%d drops and error %v, want %d drops", got, err, tc.want)
			}
			t.Log(err)
		})
	}
}

func TestScanReturnsTheCallersError(t *testing.T) {
	t.Parallel()
	path, _ := sample(t, 2, 1)
	stop := errors.New("stop")
	if err := Scan(path, func([]byte, []Ref) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
}

// Hostile bytes give errors, no panics and no large allocations.
func FuzzReader(f *testing.F) {
	b, refs := small(f)
	f.Add(b, refs[0].Offset, true)
	f.Add(b[:100], int64(16), false)
	f.Fuzz(func(t *testing.T, b []byte, offset int64, repair bool) {
		if repair {
			b = resum(b)
		}
		_ = readAll(b, []Ref{{Component: "pump-7", Offset: offset, Rows: 5}})
	})
}

// FuzzHead goes straight at the head, past the checksums.
func FuzzHead(f *testing.F) {
	b, refs := small(f)
	r, err := parseRecordHeader(b[refs[0].Offset:], refs[0].Offset, int64(len(b)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[refs[0].Offset+recordHeader+r.body:][:r.head], r.body)
	f.Fuzz(func(t *testing.T, b []byte, body int64) {
		h, err := parseHead(b, 0, body, map[string]string{})
		if err != nil {
			return
		}
		for _, s := range h.sections {
			if int64(s.rows) > body || len(s.sensors) > len(b) {
				t.Errorf("%d rows and %d sensors out of %d and %d bytes", s.rows, len(s.sensors), body, len(b))
			}
		}
	})
}

func FuzzInts(f *testing.F) {
	f.Add(appendInts(nil, []int64{5, 4, 9, -1}), 4)
	f.Fuzz(func(t *testing.T, b []byte, rows int) {
		if rows < 0 || rows > len(b) {
			return
		}
		v, err := decodeInts(nil, b, rows)
		if err != nil {
			return
		}
		again, err := decodeInts(nil, appendInts(nil, v), rows)
		if err != nil || len(again) != len(v) {
			t.Fatal(err)
		}
		for i := range v {
			if v[i] != again[i] {
				t.Fatalf("row %d: %d, then %d", i, v[i], again[i])
			}
		}
	})
}

// resum mends the checksums of file header, record headers and heads, so that
// fuzzing reaches what lies behind them.
func resum(b []byte) []byte {
	if len(b) < fileHeader+recordHeader {
		return b
	}
	b = append(appendFileHeader(nil), b[fileHeader:]...)
	for at := int64(fileHeader); at+recordHeader <= int64(len(b)); {
		rest := b[at:]
		headLen := int64(uint32(rest[4]) | uint32(rest[5])<<8 | uint32(rest[6])<<16)
		if headLen > int64(len(rest))-recordHeader {
			return b
		}
		kind := uint32(rest[0]) | uint32(rest[1])<<8 | uint32(rest[2])<<16 | uint32(rest[3])<<24
		body := int64(rest[8]) | int64(rest[9])<<8 | int64(rest[10])<<16
		if body > int64(len(rest))-recordHeader-headLen {
			return b
		}
		copy(rest, appendRecordHeader(nil, kind, rest[recordHeader+body:][:headLen], body))
		at += recordHeader + headLen + body
	}
	return b
}
