package detect

import "math"

// histogram counts values in bins of one width.
type histogram struct {
	from, width float64
	count       []float64
}

// newHistogram spans the sorted values but for one in a thousand at either end.
// There are few enough bins that noise makes no valleys.
func newHistogram(sorted []float64) *histogram {
	bins := min(max(len(sorted)/20, 16), 256)
	low, high := sortedQuantile(sorted, 0.001), sortedQuantile(sorted, 0.999)
	if high <= low {
		low, high = sorted[0], sorted[len(sorted)-1]
	}
	h := &histogram{from: low, width: (high - low) / float64(bins), count: make([]float64, bins)}
	for _, v := range sorted {
		h.count[h.bin(v)]++
	}
	return h
}

func (h *histogram) bin(v float64) int {
	at := (v - h.from) / h.width
	if !(at > 0) {
		return 0
	}
	return int(min(at, float64(len(h.count)-1))) // as an int it may be beyond all
}

func (h *histogram) center(bin int) float64 { return h.from + (float64(bin)+0.5)*h.width }

// kmeans cuts the bins into k runs with the least squared distance from their means
// in all, by dynamic programming, and gives the means.
func (h *histogram) kmeans(k int) []float64 {
	n := len(h.count)
	w, wx, wxx := make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)
	for i, c := range h.count {
		x := float64(i)
		w[i+1], wx[i+1], wxx[i+1] = w[i]+c, wx[i]+c*x, wxx[i]+c*x*x
	}
	cost := func(a, b int) float64 { // of the bins a <= i < b as one run
		s := w[b] - w[a]
		if s == 0 {
			return 0
		}
		d := wx[b] - wx[a]
		return wxx[b] - wxx[a] - d*d/s
	}
	least, cut := make([][]float64, k+1), make([][]int, k+1)
	for c := range least {
		least[c], cut[c] = make([]float64, n+1), make([]int, n+1)
		for b := 1; b <= n; b++ {
			least[c][b] = math.Inf(1)
			if c == 0 {
				continue
			}
			for a := c - 1; a < b; a++ {
				if v := least[c-1][a] + cost(a, b); v < least[c][b] {
					least[c][b], cut[c][b] = v, a
				}
			}
		}
	}
	centers := make([]float64, k)
	for c, b := k, n; c > 0; c-- {
		a := cut[c][b]
		if w[b] == w[a] {
			return nil // a run without values
		}
		centers[c-1] = h.from + ((wx[b]-wx[a])/(w[b]-w[a])+0.5)*h.width
		b = a
	}
	return centers
}

// valleys tells whether every run around a centre has its share of the n values and
// whether it is nearly empty somewhere between any two neighbours.
func (h *histogram) valleys(centers []float64, n int) bool {
	share := make([]float64, len(centers))
	peak := make([]float64, len(centers))
	for i, c := range h.count {
		k := Modes{Centers: centers}.Of(h.center(i))
		share[k] += c
		peak[k] = max(peak[k], h.smooth(i))
	}
	for k := range centers {
		if share[k] < minShare*float64(n) {
			return false
		}
		if k == 0 {
			continue
		}
		low := math.Inf(1)
		for i := h.bin(centers[k-1]); i <= h.bin(centers[k]); i++ {
			low = min(low, h.smooth(i))
		}
		if low > valley*min(peak[k-1], peak[k]) {
			return false
		}
	}
	return true
}

// smooth is the mean count of a bin and its neighbours.
func (h *histogram) smooth(i int) float64 {
	a, b := max(i-1, 0), min(i+1, len(h.count)-1)
	var sum float64
	for ; a <= b; a++ {
		sum += h.count[a]
	}
	return sum / 3
}
