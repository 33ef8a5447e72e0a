package series

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// rowsText writes rows as a plant would, spoilt here and there.
func rowsText(t *rapid.T, rows []row, sensors int, spoil bool) string {
	var b strings.Builder
	b.WriteString("time")
	for s := range sensors {
		fmt.Fprintf(&b, ",s%d", s)
	}
	b.WriteString("\n")
	eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol")
	for _, r := range rows {
		if spoil {
			b.WriteString(rapid.SampledFrom([]string{"", "", "", "", "\n", "# note\n", "no stamp,1\n", strings.Repeat("9", 40) + "\n"}).Draw(t, "noise"))
		}
		b.WriteString(time.Unix(0, r.time).UTC().Format("2006-01-02T15:04:05.000000000"))
		for _, v := range r.cells {
			cell := string(AppendFloat(nil, v))
			if spoil {
				switch rapid.IntRange(0, 40).Draw(t, "spoil") {
				case 0:
					cell = "fault"
				case 1:
					cell = `"` + cell + `"`
				case 2:
					cell = " " + cell
				}
			}
			b.WriteString("," + cell)
		}
		b.WriteString(eol)
	}
	text := b.String()
	if rapid.Bool().Draw(t, "unended") {
		text = strings.TrimRight(text, "\r\n")
	}
	return text
}

func converted(t interface {
	Helper()
	Fatalf(string, ...any)
}, c Conversion, text string,
) (string, Converted) {
	t.Helper()
	out := NewSpool("")
	defer out.Close()
	done, err := c.File(context.Background(), io.NewSectionReader(strings.NewReader(text), 0, int64(len(text))), out)
	var hopeless *HopelessError
	if err != nil && !errors.As(err, &hopeless) {
		t.Fatalf("convert: %v", err)
	}
	got, _ := io.ReadAll(out.Reader())
	return string(got) + fmt.Sprint(err), done
}

func TestJobsMakeNoDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, sensors, _, o, rows := drawCase(t)
		for i := range rows {
			rows[i].time += int64(365 * 24 * time.Hour)
		}
		rows = shuffled(t, withRepeats(t, rows, sensors), g, 3)
		text := rowsText(t, rows, sensors, rapid.Bool().Draw(t, "spoilt"))
		o.Reorder = rapid.IntRange(1, 4).Draw(t, "reorder")
		one := Conversion{Resample: o, Jobs: 1, Read: Options{MaxRow: 1000}}
		many := one
		many.Jobs, many.chunk = rapid.IntRange(2, 4).Draw(t, "jobs"), rapid.Int64Range(1, 400).Draw(t, "chunk")
		want, wantDone := converted(t, one, text)
		got, gotDone := converted(t, many, text)
		if got != want {
			t.Fatalf("got\n%s\nwant\n%s\nof\n%s", got, want, text)
		}
		if !strings.Contains(want, "none of the rows") && !reflect.DeepEqual(gotDone, wantDone) {
			t.Fatalf("got %+v\nwant %+v\nof\n%s", gotDone, wantDone, text)
		}
	})
}

func FuzzJobsMakeNoDifference(f *testing.F) {
	f.Add([]byte("time,a,b\n2026-01-01T00:00:00,1,2\n2026-01-01T00:00:01,x,\"3\n\"\n\n2026-01-01T00:00:00,5"), byte(9))
	f.Add([]byte("t;a\r\n1.5.2026 10:00;1,5\r\n# c\r\n;;\r\n"), byte(1))
	f.Add([]byte("1767225600,1\n1767225601,2\n1767225600,2\n"), byte(30))
	f.Fuzz(func(t *testing.T, text []byte, chunk byte) {
		o := ResampleOptions{Grid: Grid{Rate: time.Minute}, Spec: Spec{Fill: FillNone}}
		one := Conversion{Resample: o, Jobs: 1}
		many := Conversion{Resample: o, Jobs: 3, chunk: int64(chunk) + 1}
		want, wantDone := converted(t, one, string(text))
		got, gotDone := converted(t, many, string(text))
		if got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
		if !strings.Contains(want, "none of the rows") && !reflect.DeepEqual(gotDone, wantDone) {
			t.Fatalf("got %+v\nwant %+v", gotDone, wantDone)
		}
	})
}

func TestAnyOrderOfAFileGivesTheNaiveCells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, sensors, specs, o, rows := drawCase(t)
		for i := range rows {
			rows[i].time += int64(365 * 24 * time.Hour)
		}
		rows = withRepeats(t, rows, sensors)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		var header strings.Builder
		for s := range sensors {
			fmt.Fprintf(&header, ",s%d", s)
		}
		want := "Timestamp" + header.String() + "\n" + text(naive(rows, sensors, g, specs)) + "<nil>"
		c := Conversion{Resample: o, Jobs: rapid.IntRange(1, 3).Draw(t, "jobs"), chunk: rapid.Int64Range(100, 400).Draw(t, "chunk")}
		if got, _ := converted(t, c, rowsText(t, rows, sensors, false)); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestStreamLeavesOutWhatIsTooLate(t *testing.T) {
	t.Parallel()
	text := "time,a\n2026-01-01T00:20:00,1\n2026-01-01T00:09:00,2\n2026-01-01T00:10:00,3\n2026-01-01T00:21:00,4\n"
	c := Conversion{Resample: ResampleOptions{Grid: Grid{Rate: time.Minute}, Spec: Spec{Fill: FillNone}}}
	var out bytes.Buffer
	done, err := c.Stream(t.Context(), strings.NewReader(text), &out)
	if err != nil || done.Resample.TooLate != 1 || done.Sorted {
		t.Errorf("%+v, %v", done, err)
	}
	want := "Timestamp,a\n2026-01-01T00:10:00.000000,3\n2026-01-01T00:20:00.000000,1\n2026-01-01T00:21:00.000000,4\n"
	if out.String() != want {
		t.Errorf("got\n%s", &out)
	}
	got, done := converted(t, c, text)
	if !done.Sorted || done.Resample.TooLate != 0 || !strings.Contains(got, "\n2026-01-01T00:09:00.000000,2\n") {
		t.Errorf("from a file: %+v\n%s", done, got)
	}
}

func TestLongFilesBecomeWide(t *testing.T) {
	t.Parallel()
	text := "time,tag,value\n2026-01-01T00:00:10,z,1\n2026-01-01T00:00:20,b,2\n2026-01-01T00:01:10,z,3\n2026-01-01T00:02:10,a,4\n"
	c := Conversion{Read: Options{Layout: Long}, Resample: ResampleOptions{Grid: Grid{Rate: time.Minute}, Spec: Spec{Fill: FillNone}}, Jobs: 2, chunk: 8}
	got, _ := converted(t, c, text)
	want := "Timestamp,a,b,z\n2026-01-01T00:01:00.000000,,2,1\n2026-01-01T00:02:00.000000,,,3\n2026-01-01T00:03:00.000000,4,,\n<nil>"
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestCancelEndsAConversion(t *testing.T) {
	t.Parallel()
	text := "time,a\n" + strings.Repeat("2026-01-01T00:20:00,1\n", 1000)
	for _, jobs := range []int{1, 3} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := Conversion{Resample: ResampleOptions{Grid: Grid{Rate: time.Minute}}, Jobs: jobs, chunk: 100}
		_, err := c.File(ctx, io.NewSectionReader(strings.NewReader(text), 0, int64(len(text))), NewSpool(""))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d jobs: %v", jobs, err)
		}
	}
}

// sensorText is a CSV as a logger writes it: 1 Hz, one cell in a hundred empty.
func sensorText(rows, sensors int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	line := make([]string, sensors+1)
	line[0] = "timestamp"
	for s := range sensors {
		line[s+1] = fmt.Sprintf("s%03d", s)
	}
	_ = w.Write(line)
	at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for range rows {
		at = at.Add(time.Second)
		line[0] = at.Format("2006-01-02T15:04:05.000")
		for s := range sensors {
			line[s+1] = strconv.FormatFloat(100*float64(s%7)*r.Float64()-50, 'f', 3+s%4, 64)
			if r.IntN(100) == 0 {
				line[s+1] = ""
			}
		}
		_ = w.Write(line)
	}
	w.Flush()
	return b.Bytes()
}

func BenchmarkResample(b *testing.B) {
	text := sensorText(20_000, 30)
	for _, jobs := range []int{1, 2} {
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) {
			c := Conversion{Resample: ResampleOptions{Grid: Grid{Rate: time.Minute}, Spec: Spec{Fill: FillNone}}, Jobs: jobs}
			out := NewSpool(b.TempDir())
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_ = out.Restart()
				if _, err := c.File(b.Context(), io.NewSectionReader(bytes.NewReader(text), 0, int64(len(text))), out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(20_000*30), "ns/value")
		})
	}
}
