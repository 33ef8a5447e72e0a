package segment

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever a sensor moves by, its values come back to the bit.
func TestStepsGiveTheValuesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.SampledFrom([]int64{1, math.MaxInt8, math.MaxInt8 + 1, math.MaxInt16, math.MaxInt16 + 1, 1<<23 - 1, 1 << 23, math.MaxInt32 - 1}).Draw(rt, "most")
		rows := rapid.SampledFrom([]int{1, 2, 3, 4, 511, 512, 513, 514, 1200}).Draw(rt, "rows")
		places := rapid.IntRange(0, maxExponent).Draw(rt, "places")
		at := rapid.Int64Range(math.MinInt32+2, math.MaxInt32-1).Draw(rt, "first")
		move := rapid.OneOf(rapid.Int64Range(-most-1, most), rapid.SampledFrom([]int64{-most - 1, -most, most}))
		values := make([]float64, rows)
		for i := range values {
			if values[i] = float64(at) / power(uint8(places)); i < 40 || rows-i < 4 {
				if to := at + move.Draw(rt, "move"); to > math.MinInt32+1 && to < math.MaxInt32 {
					at = to
				}
			}
		}
		missing := rapid.Bool().Draw(rt, "missing")
		if missing {
			values[rapid.IntRange(0, rows-1).Draw(rt, "gap")] = math.NaN()
		}
		b, c, _ := appendColumn([]byte("before"), values, nil)
		b = b[len("before"):]
		if int64(len(b)) != c.encoding.length(int64(rows)) {
			rt.Fatalf("%d bytes for %d rows in encoding %d", len(b), rows, c.encoding)
		}
		same := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
		if got := decodeColumn(nil, b, c, rows); !slices.EqualFunc(got, values, same) {
			rt.Fatalf("encoding %d: %v, not %v", c.encoding, got, values)
		}
		if !c.encoding.decimal() {
			return
		}
		n, ok := decodeWhole(nil, b, c.encoding)
		if ok == missing {
			rt.Fatalf("encoding %d: none missing: %v", c.encoding, ok)
		}
		for i := range n {
			if ok && !same(float64(n[i])/power(c.exponent), values[i]) {
				rt.Fatalf("encoding %d: row %d is %d", c.encoding, i, n[i])
			}
		}
	})
}

func TestStepsAreAsNarrowAsTheyCanBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   encoding
	}{
		{[]float64{200, 201, 200}, encStep8},
		{[]float64{40_000, 40_127, 39_999}, encStep8},
		{[]float64{40_000, 40_128}, encStep16},
		{[]float64{40_000, 72_767, 39_999}, encStep16},
		{[]float64{40_000, 72_768}, encStep24},
		{[]float64{0, 8_388_607, -1}, encStep24},
		{[]float64{0, 8_388_608}, encDec32},
		{[]float64{math.MaxInt32 - 1, -math.MaxInt32 + 1}, encDec32},
		{[]float64{200, 500}, encDec16},
		{[]float64{200, math.NaN(), 201}, encDec16},
		{[]float64{40_000, math.NaN(), 40_001}, encDec32},
		{[]float64{7, 7}, encConst},
		{[]float64{math.Pi, 1}, encRaw},
	} {
		if _, got, _ := appendColumn(nil, c.values, nil); got.encoding != c.want {
			t.Errorf("%v: encoding %d, want %d", c.values, got.encoding, c.want)
		}
	}
}
