package series

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
)

func gzipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.Bytes()
}

const gzipSample = "time,a\n2026-01-02 00:00:00,1\n2026-01-02 00:00:01,2\n"

func TestGzip(t *testing.T) {
	t.Parallel()
	many := string(plainCSV(8, 20_000))
	for name, c := range map[string]struct {
		file   []byte
		rows   int
		whole  bool // all rows, no damage
		remark string
	}{
		"plain":            {file: gzipped(gzipSample), rows: 2, whole: true},
		"long":             {file: gzipped(many), rows: 20_000, whole: true},
		"two members":      {file: append(gzipped(gzipSample), gzipped("2026-01-02 00:00:02,3\n")...), rows: 3, whole: true},
		"rubbish behind":   {file: append(gzipped(gzipSample), "rubbish"...), rows: 2, whole: true, remark: "ignored"},
		"zeros behind":     {file: append(gzipped(gzipSample), make([]byte, 512)...), rows: 2, whole: true, remark: "ignored"},
		"utf-16 inside":    {file: gzipped(utf16Text(gzipSample, false, true)), rows: 2, whole: true},
		"checksum missing": {file: cut(gzipped(gzipSample), 6), rows: 2, remark: "copy it again"},
		"cut":              {file: cut(gzipped(many), 5000), rows: -1, remark: "copy it again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := NewReader(bytes.NewReader(c.file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := drain(r)
			if err != nil {
				t.Fatal(err)
			}
			if c.rows >= 0 && len(rows) != c.rows || c.rows < 0 && (len(rows) == 0 || len(rows) >= 20_000) {
				t.Errorf("%d rows", len(rows))
			}
			rep := r.Report()
			if (rep.Damage == "") != c.whole || !strings.Contains(rep.Damage+strings.Join(rep.Warnings, " "), c.remark) {
				t.Errorf("damage %q, warnings %q", rep.Damage, rep.Warnings)
			}
			if r.Resumable() {
				t.Error("gzip cannot be read on")
			}
		})
	}
}

func cut(b []byte, n int) []byte { return b[:len(b)-n] }

// The last line of a file that was cut is never taken for a value.
func TestCutGzipGivesNoHalfValue(t *testing.T) {
	t.Parallel()
	text := gzipSample + strings.Repeat("2026-01-02 00:00:02,1234567890\n", 3000)
	file := gzipped(text)
	for n := 1; n < len(file)-20; n++ {
		r, err := NewReader(bytes.NewReader(cut(file, n)), Options{})
		if err != nil {
			continue
		}
		for {
			b, err := r.Next()
			if err != nil {
				break
			}
			for _, v := range b.Columns[0] {
				if v != 1 && v != 2 && v != 1234567890 {
					t.Fatalf("cut by %d: a value %v", n, v)
				}
			}
		}
	}
}

// endless gives the same line for ever.
type endless struct{ line string }

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e.line) <= len(p) {
		n += copy(p[n:], e.line)
	}
	if n == 0 {
		n = copy(p, e.line)
	}
	return n, nil
}

func TestGzipBomb(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	go func() {
		z := gzip.NewWriter(out)
		_, err := io.Copy(z, io.MultiReader(strings.NewReader(gzipSample), endless{"2026-01-02 00:00:02,0\n"}))
		out.CloseWithError(err)
	}()
	defer in.Close()
	r, err := NewReader(in, Options{MaxBytes: 20 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	var h *HopelessError
	if !errors.As(err, &h) || !strings.Contains(h.Reason, "limits.file") {
		t.Errorf("%v", err)
	}
}
