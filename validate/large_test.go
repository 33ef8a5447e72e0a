package validate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A large file is read on several goroutines and, when it has many faults, once
// more for their columns. Neither may show in the report.
func TestLargeFilesAreLikeSmallOnes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var b strings.Builder
	b.WriteString("Time,a,b\n")
	const rows, every = 150_000, 3000
	for i := range rows {
		cell := fmt.Sprintf("%d.25", i%1000)
		if i%every == 7 {
			cell = "broken"
		}
		fmt.Fprintf(&b, "%s,%d,%s\n", monday(0, 0).Add(time.Duration(i)*time.Second).Format("2006-01-02 15:04:05"), i%97, cell)
	}
	s.file("pump-7/large.csv", b.String())
	cfg := s.config("", "    data_upload_frequency: PT5M\n    data_delay_offset_in_minutes: 2")
	var documents []string
	for _, jobs := range []int{1, 4} {
		r := s.run(Options{Config: cfg, Jobs: jobs})
		if f := r.Files[0]; f.Used != rows || f.FaultCount != rows/every || len(f.Faults) != 20 {
			t.Errorf("%d jobs: %d rows, %d faults, %d of them kept", jobs, f.Used, f.FaultCount, len(f.Faults))
		}
		for _, st := range r.Components[0].Sensors {
			want := map[string]int64{"a": 0, "b": rows / every}[st.Sensor]
			if st.Invalid.Count != want || st.Missing.Count != 0 {
				t.Errorf("%d jobs: %s has %d invalid and %d missing values, want %d and 0", jobs, st.Sensor, st.Invalid.Count, st.Missing.Count, want)
			}
		}
		d, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(d))
	}
	if documents[0] != documents[1] {
		t.Errorf("reports differ:\n%.2000s\n%.2000s", documents[0], documents[1])
	}
}
