package validate

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"millwright/internal/series"
)

// dayFile is a day of 30 sensors at 1 Hz, 23 MB.
func dayFile(b *testing.B) (*site, int64) {
	s := newSite(b)
	r := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	text.WriteString("Time")
	for i := range 30 {
		fmt.Fprintf(&text, ",s%02d", i)
	}
	text.WriteByte('\n')
	for i := range 86400 {
		text.WriteString(monday(0, 0).Add(time.Duration(i) * time.Second).Format("2006-01-02T15:04:05.000"))
		for c := range 30 {
			fmt.Fprintf(&text, ",%.4f", 100*float64(c)+r.NormFloat64())
		}
		text.WriteByte('\n')
	}
	s.file("pump-7/day.csv", text.String())
	return s, int64(text.Len())
}

func BenchmarkRun(b *testing.B) {
	s, size := dayFile(b)
	cfg := s.config("", "    data_upload_frequency: PT5M")
	for name, o := range map[string]Options{"sniff": {}, "config": {Config: cfg}, "jobs2": {Jobs: 2}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Run(b.Context(), o, []string{s.dir}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("reading-only", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			f, err := os.Open(s.dir + "/pump-7/day.csv")
			if err != nil {
				b.Fatal(err)
			}
			r, err := series.NewReader(f, series.Options{})
			for err == nil {
				_, err = r.Next()
			}
			f.Close()
		}
	})
}
