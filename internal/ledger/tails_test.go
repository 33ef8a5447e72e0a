package ledger

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func anyTails() *rapid.Generator[[]tail] {
	return rapid.Custom(func(t *rapid.T) []tail {
		ids := rapid.SliceOfNDistinct(rapid.Int64Range(1, 5000), 0, 40, rapid.ID[int64]).Draw(t, "ids")
		out := make([]tail, len(ids))
		for i, id := range ids {
			value := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 0.1, 12, math.MaxFloat64, math.Inf(1), math.SmallestNonzeroFloat64})).Draw(t, "value")
			out[i] = tail{sensor: id, time: 1_000_000 - rapid.Int64Range(0, 3).Draw(t, "age")*rapid.Int64Range(0, 400_000_000_000).Draw(t, "unit"), value: value}
		}
		return out
	})
}

func TestTailsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tails := anyTails().Draw(t, "tails")
		packed := packTails(tails, 1_000_000) // sorts
		got, err := unpackTails(nil, packed, 1_000_000)
		if err != nil || len(got) != len(tails) {
			t.Fatal(len(got), err)
		}
		for i := range got {
			same := got[i].sensor == tails[i].sensor && got[i].time == tails[i].time && math.Float64bits(got[i].value) == math.Float64bits(tails[i].value)
			if !same {
				t.Fatalf("%+v became %+v", tails[i], got[i])
			}
		}
	})
}

func TestTailsOfAWideFileAreSmall(t *testing.T) {
	t.Parallel()
	var tails []tail
	for i := range 300 {
		tails = append(tails, tail{sensor: int64(i + 10), time: 5, value: float64(float32(i) * 1.7)})
	}
	if n := len(packTails(tails, 5)); n > 300*6 {
		t.Errorf("300 sensors take %d bytes", n)
	}
}

func FuzzUnpackTails(f *testing.F) {
	f.Add([]byte{}, int64(0))
	f.Add(packTails([]tail{{1, 7, 0.1}, {2, 7, 3}, {9, 5, -1}}, 7), int64(7))
	f.Add([]byte{0x2f, 1, 2}, int64(1))
	f.Fuzz(func(t *testing.T, b []byte, last int64) {
		tails, err := unpackTails(nil, b, last)
		if err != nil {
			return
		}
		for i := 1; i < len(tails); i++ {
			if tails[i].sensor <= tails[i-1].sensor {
				return // never written
			}
		}
		for _, v := range tails {
			if v.time > last {
				return
			}
		}
		again, err := unpackTails(nil, packTails(tails, last), last)
		if err != nil || len(again) != len(tails) {
			t.Fatalf("%v %v: %v", tails, again, err)
		}
		if !bytes.Equal(packTails(again, last), packTails(tails, last)) {
			t.Fatal("packing is not stable")
		}
	})
}
