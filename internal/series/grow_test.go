package series

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A file is flushed at every byte; what is read in pieces is what is read at
// once, and never the beginning of a value.
func TestGrowingFile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"lf":           "time,a,b\n2026-01-02 00:00:00,12.5,-0.001\n2026-01-02 00:00:01,x,\n# note\n\n2026-01-02 00:00:02,1e3,77\n",
		"crlf":         "time;a;b\r\n;bar;C\r\n2026-01-02 00:00:00;12,5;-0,001\r\n2026-01-02 00:00:02;1e3;77\r\n",
		"bom":          "\xef\xbb\xbftime,a,b\n2026-01-02 00:00:00,12.5,-0.001\n2026-01-02 00:00:02,1e3,77\n",
		"windows-1252": "Zeit;\xb0C;b\n2026-01-02 00:00:00;12,5;-0,001\n2026-01-02 00:00:02;1e3;77\n",
		"quotes":       "time,note,b\n2026-01-02 00:00:00,\"two\nlines\",-0.001\n2026-01-02 00:00:02,\"a \"\"b\"\"\",77\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, whole := readRows(t, text, Options{WholeLines: true})
			for a := 1; a < len(text); a++ {
				for _, b := range []int{a + 1, (a + len(text)) / 2, len(text)} {
					if b <= len(text) && b >= a {
						checkGrowth(t, text, a, b, whole)
					}
				}
			}
			if off, line := r.Consumed(); off != int64(len(text)) || line != int64(strings.Count(text, "\n")) {
				t.Errorf("consumed %d bytes and %d lines", off, line)
			}
		})
	}
}

func checkGrowth(t *testing.T, text string, a, b int, whole []string) {
	t.Helper()
	var rows []string
	var resume *Resume
	for _, size := range []int{a, b, len(text)} {
		part := text[:size]
		if resume != nil {
			part = part[resume.Offset:]
		}
		r, err := NewReader(strings.NewReader(part), Options{WholeLines: true, Resume: resume})
		var h *HopelessError
		if errors.As(err, &h) {
			continue // not enough to tell
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := drain(r)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, got...)
		off, line := r.Consumed()
		if off > int64(size) || off > 0 && text[off-1] != '\n' || int(line) != strings.Count(text[:off], "\n") {
			t.Fatalf("of %d bytes %d are consumed, line %d", size, off, line)
		}
		kept, err := json.Marshal(r.Dialect())
		if err != nil {
			t.Fatal(err)
		}
		resume = &Resume{Offset: off, Line: line}
		if err := json.Unmarshal(kept, &resume.Dialect); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(rows, whole) {
		t.Fatalf("in pieces of %d and %d bytes:\n%s\nat once:\n%s", a, b, strings.Join(rows, "\n"), strings.Join(whole, "\n"))
	}
}

// Without WholeLines the last line is read, but does not count as consumed.
func TestConsumedLeavesOutTheOpenLine(t *testing.T) {
	t.Parallel()
	text := "time,a\n2026-01-02 00:00:00,1\n2026-01-02 00:00:01,2"
	r, _, rows := readRows(t, text, Options{})
	if off, line := r.Consumed(); len(rows) != 2 || off != 29 || line != 2 {
		t.Errorf("%d rows, %d bytes, %d lines", len(rows), off, line)
	}
}

// oneByte gives a byte at a time.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

// How the bytes arrive makes no difference.
func TestSlowFiles(t *testing.T) {
	t.Parallel()
	for _, c := range dialectSamples() {
		_, _, want := readRows(t, c.text, c.o)
		r, err := NewReader(oneByte{strings.NewReader(c.text)}, c.o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := drain(r)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v", c.name, got, err)
		}
	}
}

func TestEndlessLine(t *testing.T) {
	t.Parallel()
	text := gzipSample + "2026-01-02 00:00:02," + strings.Repeat("9", 3<<20) + "\n2026-01-02 00:00:03,4\n" +
		"2026-01-02 00:00:04,\"" + strings.Repeat("9\n", 1<<20) + "\n2026-01-02 00:00:05,6\n"
	r, _, rows := readRows(t, text, Options{})
	if want := []string{"0: 1", "1: 2", "3: 4", "5: 6"}; !slices.Equal(rows, want) {
		t.Errorf("%v", rows)
	}
	rep := r.Report()
	if rep.Bad[BadRow] < 2 || !strings.Contains(rep.Faults[0].Reason, "limits.row") || len(rep.Faults[0].Text) > maxFaultText {
		t.Errorf("%v %+v", rep.Bad, rep.Faults[0])
	}
}

// Memory does not grow with the file.
func TestMemoryIsBounded(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const size = 200 << 20
	line := "2026-01-02 00:00:02,1.5,2.5,3.5\n"
	r, err := NewReader(io.LimitReader(io.MultiReader(strings.NewReader("time,a,b,c\n"), endless{line}), size), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d bytes allocated for %d", got, size)
	}
	if rep := r.Report(); rep.Used < size/int64(len(line))-2 {
		t.Errorf("%d rows", rep.Used)
	}
}

// failing breaks off after some bytes.
type failing struct{ r io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if errors.Is(err, io.EOF) {
		return n, errors.New("the disk is gone")
	}
	return n, err
}

func TestReadErrorsArePassedOn(t *testing.T) {
	t.Parallel()
	text := plainCSV(3, 20_000)
	r, err := NewReader(failing{bytes.NewReader(text)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := drain(r)
	if err == nil || !strings.Contains(err.Error(), "the disk is gone") || len(rows) < 19_000 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if _, err := NewReader(failing{strings.NewReader("time")}, Options{}); err == nil {
		t.Error("no error")
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	r, err := NewReader(strings.NewReader(gzipSample), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Next(); err == nil {
		t.Error("a closed reader gives rows")
	}
}
