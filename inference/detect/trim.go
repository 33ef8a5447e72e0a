package detect

import (
	"cmp"
	"math"
	"slices"
)

// trimShare is how much of the history is at most left out of the fit, though not
// out of the limit: faults that nobody has labelled.
const trimShare = 0.05

// trim marks the blocks of the history whose scores are far out, the worst first, and
// tells how many rows they have. A history without faults has hardly any.
func (t *trainer) trim(rows []scored) int {
	n, taken := 0, 0
	for _, r := range rows {
		if !math.IsNaN(r.score) {
			n++
		}
	}
	blocks := t.blocks(rows)
	fence := farOut(blocks)
	for _, b := range blocks {
		if b.sum <= fence || float64(taken+len(b.rows)) > trimShare*float64(n) {
			break
		}
		for _, i := range b.rows {
			t.class[i] = trimmed
		}
		taken += len(b.rows)
	}
	return taken
}

// block is a stretch of rows that were learnt.
type block struct {
	rows []int
	sum  float64 // of their scores
}

// farOut is Tukey's outer fence over the blocks: three times the width of the middle
// half above its upper end.
func farOut(blocks []block) float64 {
	var sums []float64
	for _, b := range blocks {
		sums = append(sums, b.sum)
	}
	low, high := quantile(sums, 0.25), quantile(sums, 0.75)
	return high + 3*(high-low)
}

// blocks cuts the history into blocks of two score spans, the worst first.
func (t *trainer) blocks(rows []scored) []block {
	size := 2 * t.spans.Score
	var all []block
	var b block
	for i, r := range rows {
		if math.IsNaN(r.score) || r.apart {
			continue
		}
		b.rows = append(b.rows, i)
		b.sum += r.score
		if len(b.rows) == size {
			all = append(all, b)
			b = block{}
		}
	}
	slices.SortStableFunc(all, func(a, b block) int { return cmp.Compare(b.sum, a.sum) })
	return all
}
