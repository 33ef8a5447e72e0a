package series

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// plainFloat is the documented form of a number, told by strconv alone.
func plainFloat(v float64) string {
	switch abs := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return ""
	case v == 0:
		return "0"
	case abs >= 1e-5 && abs < 1e21:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
}

func checkFloat(t interface {
	Helper()
	Fatalf(string, ...any)
}, v float64,
) {
	t.Helper()
	got, want := string(AppendFloat(nil, v)), plainFloat(v)
	if got != want {
		t.Fatalf("AppendFloat(%b) = %q, want %q", v, got, want)
	}
	if got == "" {
		return
	}
	if back, err := strconv.ParseFloat(got, 64); err != nil || back != v {
		t.Fatalf("AppendFloat(%b) = %q reads back as %v, %v", v, got, back, err)
	}
}

func TestAppendFloatWritesTheDocumentedForm(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]float64{
		"0": 0, "1": 1, "-1": -1, "0.5": 0.5, "100": 100, "123.456789": 123.456789,
		"0.00001": 1e-5, "9.99e-06": 9.99e-6, "999999999.999999": 999999999.999999,
		"100000000000000000000": 1e20, "1e+21": 1e21, "0.1": 0.1, "-0.000012": -0.000012,
		"": math.NaN(), "0.30000000000000004": 0.30000000000000004,
	} {
		if got := string(AppendFloat(nil, v)); got != want {
			t.Errorf("AppendFloat(%v) = %q, want %q", v, got, want)
		}
		checkFloat(t, v)
	}
	for _, v := range []float64{math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1 << 53, 1e9, 999999999.9999999} {
		checkFloat(t, v)
	}
}

func TestAppendFloatIsShortestOverMillionsOfValues(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	scales := []float64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}
	for range 1_000_000 {
		checkFloat(t, float64(r.Int64N(1e16)-5e15)/scales[r.IntN(len(scales))]) // decimals
		checkFloat(t, (r.Float64()-0.5)*scales[r.IntN(len(scales))])            // long tails
	}
	for range 300_000 {
		checkFloat(t, math.Float64frombits(r.Uint64()))
		// next to a short decimal
		v := float64(r.Int64N(1e9)) / scales[r.IntN(7)]
		checkFloat(t, math.Nextafter(v, math.Inf(1)))
		checkFloat(t, math.Nextafter(v, 0))
	}
}

func FuzzAppendFloat(f *testing.F) {
	for _, v := range []float64{0, 1.5, 0.1, 1e-7, 123456.789, 1e300} {
		f.Add(math.Float64bits(v))
	}
	f.Fuzz(func(t *testing.T, bits uint64) { checkFloat(t, math.Float64frombits(bits)) })
}

func TestStampsMatchPackageTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ns := rapid.Int64().Draw(t, "ns")
		at := time.Unix(0, ns).UTC()
		if got, want := string(AppendStamp(nil, ns)), at.Format("2006-01-02T15:04:05.000000"); got != want {
			t.Fatalf("AppendStamp(%d) = %s, want %s", ns, got, want)
		}
		if got, want := string(AppendStampSeconds(nil, ns)), at.Format("2006-01-02T15:04:05"); got != want {
			t.Fatalf("AppendStampSeconds(%d) = %s, want %s", ns, got, want)
		}
	})
}

func BenchmarkAppendFloat(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	decimals, means := make([]float64, 1024), make([]float64, 1024)
	for i := range decimals {
		decimals[i] = float64(r.Int64N(1e7)) / 1e4
		means[i] = decimals[i] / 60
	}
	buf := make([]byte, 0, 64)
	for name, values := range map[string][]float64{"decimal": decimals, "mean": means} {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				buf = AppendFloat(buf[:0], values[i&1023])
			}
		})
		b.Run(name+"/strconv", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				buf = strconv.AppendFloat(buf[:0], values[i&1023], 'f', -1, 64)
			}
		})
	}
}

func TestAppendDecimalIsAppendFloat(t *testing.T) {
	t.Parallel()
	check := func(n int32, places int) {
		if got, want := string(AppendDecimal([]byte("x"), n, places)), string(AppendFloat([]byte("x"), float64(n)/math.Pow10(places))); got != want {
			t.Fatalf("%d / 10^%d: %q, want %q", n, places, got, want)
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for places := range 7 {
		for n := int32(-2000); n <= 2000; n++ {
			check(n, places)
		}
		for range 20_000 {
			check(int32(rng.Uint32())>>rng.IntN(32), places)
		}
		check(math.MaxInt32, places)
		check(-math.MaxInt32, places)
	}
}
