package series

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// plainCSV makes rows of the kind loggers write: n sensors at 1 Hz, 3 to 6
// decimals, one cell in a hundred empty.
func plainCSV(sensors, rows int) []byte {
	rng := rand.New(rand.NewPCG(1, uint64(sensors)))
	out := []byte("timestamp")
	for i := range sensors {
		out = fmt.Appendf(out, ",s%03d", i+1)
	}
	out = append(out, '\n')
	t := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for range rows {
		out = t.AppendFormat(out, "2006-01-02T15:04:05.000")
		for i := range sensors {
			out = append(out, ',')
			if rng.IntN(100) > 0 {
				base := []float64{123, 21.5, 1013, 0.4, -12, 47.5, 2950, 230}[i%8]
				out = strconv.AppendFloat(out, base*(0.9+0.2*rng.Float64()), 'f', 3+i%4, 64)
			}
		}
		out = append(out, '\n')
		t = t.Add(time.Second)
	}
	return out
}

func readAll(tb testing.TB, text []byte, o Options) (rows int) {
	r, err := NewReader(bytes.NewReader(text), o)
	if err != nil {
		tb.Fatal(err)
	}
	for {
		b, err := r.Next()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			tb.Fatal(err)
		}
		rows += b.Len()
	}
}

func BenchmarkReader(b *testing.B) {
	day := plainCSV(30, 50_000)
	for name, text := range map[string][]byte{
		"30 sensors":               day,
		"300 sensors":              plainCSV(300, 5_000),
		"crlf":                     bytes.ReplaceAll(day, []byte("\n"), []byte("\r\n")),
		"semicolon, decimal comma": bytes.ReplaceAll(bytes.ReplaceAll(day, []byte(","), []byte(";")), []byte("."), []byte(",")),
		"50 KB file":               plainCSV(18, 300),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				readAll(b, text, Options{})
			}
		})
	}
}
