package detect

import "testing"

func TestFarValuesAreInTheLastBin(t *testing.T) {
	t.Parallel()
	h := &histogram{width: 1e-3, count: make([]float64, 16)}
	for v, want := range map[float64]int{-1e50: 0, 0: 0, 0.0055: 5, 1: 15, 1e50: 15} {
		if got := h.bin(v); got != want {
			t.Errorf("%v is in bin %d, not %d", v, got, want)
		}
	}
}
