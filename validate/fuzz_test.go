package validate

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// FuzzReport takes any bytes as a drop: there is always a report, in both forms,
// that no terminal takes for orders.
func FuzzReport(f *testing.F) {
	for _, seed := range []string{
		"", "Time,a\n", rows(monday(0, 0), 3), "Time;a;b\n2026-01-05 00:01:00;1,5;x\n", "t,tag,value\n2026-01-05T00:01:00Z,a,1\n",
		"Time,a,a,\n2026-01-05 00:01:00,1e999,-0,\x1b[31m\n", "1767571260,5\n1767571320,6\n", "Time,a b,a/b\n0001-01-01 00:00:00,1,2\n9999-12-31 23:59:59,1,2\n",
		"\xff\xfeT\x00,\x00a\x00\n\x00", "\x1f\x8b\x08", "A,B\n2026-01-05,xx\n", "A,B\n2026-01-05,\n", "Time,\"a\nb\"\n\"2026-01-05 00:01:00\",\"1\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	s := newSite(f)
	plain := s.config("    csv: {layout: wide, time_zone: Europe/Berlin}", "    data_upload_frequency: PT5M")
	long := s.config("    csv: {layout: long}", "    data_upload_frequency: PT1H\n    resample: {label: start, max_gap: none}")
	f.Fuzz(func(t *testing.T, data []byte, tags bool) {
		dir := filepath.Join(t.TempDir(), "pump-7")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "a.csv"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		o := Options{Config: plain}
		if tags {
			o.Config = long
		}
		r, err := Run(t.Context(), o, []string{dir})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := r.Text(&text); err != nil {
			t.Fatal(err)
		}
		if at := strings.IndexFunc(text.String(), func(c rune) bool { return c != '\n' && unicode.IsControl(c) }); at >= 0 {
			t.Fatalf("a control character at %d of %q", at, text.String())
		}
		if err := json.NewEncoder(io.Discard).Encode(r); err != nil {
			t.Fatal(err)
		}
		f := r.Files[0]
		if r.Clean != (len(r.Problems) == 0) {
			t.Fatalf("clean is %v with %q", r.Clean, r.Problems)
		}
		if r.Clean && f.State != Empty && (f.State != Usable || f.Values == 0 || f.FaultCount > 0 || f.Damage != "" || len(f.Clashes) > 0) {
			t.Fatalf("clean: %+v", f)
		}
		if !r.Clean && len(f.problems()) == 0 && r.Schedulers[0].Fails == 0 && r.Schedulers[0].Verdicts[PartlyLate] == 0 {
			t.Fatalf("not clean, and nobody knows why: %q, %+v", r.Problems, f)
		}
	})
}
