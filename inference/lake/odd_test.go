package lake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"millwright/inference/lake"
	"millwright/internal/series"
)

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

func wide16(text string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func (r *rig) raw(objects []lake.Object, sensors ...string) []row {
	r.t.Helper()
	var all []row
	if err := r.lake().Raw(r.t.Context(), objects, "pump", sensors, math.MinInt64, math.MaxInt64, func(b *series.Batch) error {
		all = append(all, rows(b.Times, b.Columns)...)
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return all
}

func TestEveryWayOfWritingIsTheSame(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.o.Part = 100 << 10 // more than is sniffed
	text := csvOf(history(1, 3000, false))
	want := r.raw(r.must(r.put("plain.csv", "pump", text)).Objects, kinds...)
	if len(want) < 2900 {
		t.Fatalf("%d rows", len(want))
	}
	for name, content := range map[string]string{
		"z.csv.gz": zipped(text), "two.csv.gz": zipped(text[:1000]) + zipped(text[1000:]), "wide.csv": wide16(text),
		"crlf.csv": strings.ReplaceAll(text, "\n", "\r\n"), "cr.csv": strings.ReplaceAll(text, "\n", "\r"),
		"semi.csv": strings.ReplaceAll(text, ",", ";"), "bom.csv": "\ufeff" + text, "noend.csv": strings.TrimSuffix(text, "\n"),
		"tail.csv.gz": zipped(text) + "rubbish", "comma.csv": strings.ReplaceAll(text, "\n", ",\n"),
	} {
		m := r.must(r.put(name, "pump", content))
		same(t, name, r.raw(m.Objects, kinds...), want)
		if parts := m.Parts; parts < 2 && name != "wide.csv" && name != "cr.csv" {
			t.Errorf("%s: %d parts", name, parts)
		}
	}
	m := r.must(r.put("cut.csv.gz", "pump", zipped(text)[:len(zipped(text))*2/3]))
	got := r.raw(m.Objects, kinds...)
	if len(got) == 0 || len(got) >= len(want) || len(m.Notes) == 0 || !strings.Contains(fmt.Sprint(m.Notes), "ends early") {
		t.Errorf("%d rows, %q", len(got), m.Notes)
	}
	same(t, "cut", got[:len(got)-1], want[:len(got)-1])
}

// ages has a row every other day for centuries.
func ages() string {
	var b strings.Builder
	b.WriteString("Timestamp,a\n")
	at := time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 2500 {
		at = at.AddDate(0, 0, 2)
		b.WriteString(at.Format(time.DateOnly) + " 00:00,1\n")
	}
	return b.String()
}

func TestFilesThatAreNoUse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.o.MaxFile, r.o.Part, r.o.MaxDays = 1<<16, 1<<14, 300
	for name, c := range map[string]struct{ content, want string }{
		"empty.csv":    {"", ""},
		"header.csv":   {"Timestamp,a\n", ""},
		"headless.csv": {"2024-01-01T00:00:00,1.5\n2024-01-01T00:01:00,2.5\n", "no header"},
		"gap.csv":      {"\n2024-01-01T00:00:00,1.5\n2024-01-01T00:01:00,2.5\n", "no header"},
		"stamps.csv":   {"Timestamp,a\nnever,1\nsoon,2\n", ""},
		"blank.csv":    {"Timestamp,a\n2024-01-01T00:00:00,\n2024-01-02T00:00:00,\n", "none of its sensors"},
		"twice.csv":    {"Timestamp,a,a\n2024-01-01T00:00:00,1,2\n", "a twice"},
		"data.txt":     {"Timestamp,a\n2024-01-01T00:00:00,1\n", "no CSV"},
		"other.csv":    {"Timestamp,zz\n2024-01-01T00:00:00,1\n", "no column"},
		"big.csv":      {"Timestamp,a\n" + strings.Repeat("2024-01-01T00:00:00,1\n", 4000), "split it"},
		"bomb.csv.gz":  {zipped("Timestamp,a\n" + strings.Repeat("2024-01-01T00:00:00,1\n", 4000)), "split it"},
		"gzip.csv.gz":  {"\x1f\x8bgarbage", "gzip"},
		"nothing.csv":  {"Timestamp,a,b\n" + strings.Repeat("2024-01-01T00:00:00,,1\n", 2000), "none of its sensors"},
		"ages.csv":     {ages(), "days"},
		"binary.csv":   {strings.Repeat("\x00\x01\xfe\x7fELF", 500), ""},
	} {
		f := r.put("no/"+name, "pump", c.content)
		f.Sensors = []string{"a"}
		_, err := r.ingest(f)
		var discard *lake.DiscardError
		if !errors.As(err, &discard) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	same(t, "left", r.listing("datasets/"), nil)
	_, err := r.ingest(r.put("no/name.csv", "pump", "Timestamp,a b,c\n2024-01-01T00:00:00,1,2\n"))
	var refuse *lake.RefuseError
	if !errors.As(err, &refuse) || !strings.Contains(err.Error(), `"a b"`) {
		t.Error(err)
	}
	f := r.put("no/changed.csv", "pump", "Timestamp,a\n2024-01-01T00:00:00,1\n")
	f.ETag = "another"
	var changed *lake.ChangedError
	if _, err := r.ingest(lake.File{Bucket: r.bucket, Key: "gone.csv"}); !errors.As(err, &changed) {
		t.Error(err)
	}
	if _, err := r.ingest(f); !errors.As(err, &changed) {
		t.Error(err)
	}
}

func TestSchemaChoosesColumns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	f := r.put("s.csv", "pump", "when,a,b,c\n2024-01-01T00:00:00,1,2,3\n")
	f.Sensors = []string{"c", "zz", "a"}
	m := r.must(f)
	same(t, "header", m.Header.Sensors, []string{"a", "b", "c"})
	if m.Header.Timestamp != "when" || len(m.Sensors) != 2 || m.Sensors[0].Name != "a" {
		t.Errorf("%+v", m)
	}
	same(t, "rows", r.raw(m.Objects, "a", "b", "c"), []row{{1704067200e9, "1 NaN 3 "}})
	if !strings.HasPrefix(m.Objects[0].Key, "datasets/ds/in/pump/2024-01-01/000000-") {
		t.Error(m.Objects[0].Key)
	}
}

func TestCheckpointsAreSmallAndSurviveJSON(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.o.Part = 5000
	f := r.put("c.csv.gz", "pump", zipped(csvOf(history(5, 500, false))))
	errPause := errors.New("pause")
	var at lake.Checkpoint
	for n := 0; ; n++ { // a job for each part
		var next lake.Checkpoint
		m, err := r.lake().Ingest(t.Context(), f, at, func(_ context.Context, c lake.Checkpoint) error {
			text, err := json.Marshal(c)
			if err != nil || len(text) > 1024 {
				t.Errorf("%d bytes, %v", len(text), err)
			}
			if err := json.Unmarshal(text, &next); err != nil {
				t.Error(err)
			}
			return errPause
		})
		if err == nil {
			if n < 5 || m.Rows != 498 || m.Parts != n+1 {
				t.Errorf("%d jobs, %d rows", n, m.Rows)
			}
			return
		}
		if !errors.Is(err, errPause) {
			t.Fatal(err)
		}
		at = next
	}
}
