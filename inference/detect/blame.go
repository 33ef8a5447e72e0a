package detect

import (
	"math"

	"millwright/internal/resultline"
)

// Weights of what tells how much each sensor has to do with a row's score. Residuals
// of the lagged members smear over the sensors that move along.
const (
	blameOthers     = 1.0
	blameRest       = 0.5
	blameUnivariate = 0.25
	blameLagged     = 0.1
)

// contribute keeps each sensor's part in the newest row: a mix of squared distances
// from what was expected. A sensor that is missing has none.
func (s *Scorer) contribute(v *vector) {
	c := s.blame.push()
	for j := range c {
		c[j] = 0
		if !v.present[j] {
			continue
		}
		sq := func(x []float64) float64 { return x[j] * x[j] }
		c[j] = blameOthers*sq(s.r.others) + blameUnivariate*sq(s.r.univariate)
		if v.lagged {
			c[j] += blameRest*sq(s.r.rest) + blameLagged*sq(s.r.lagged)
		}
		c[j] = bounded(c[j])
	}
}

// bounded keeps what has grown beyond all measure finite. No history makes such a model,
// but a file can hold one.
func bounded(v float64) float64 {
	if math.IsNaN(v) {
		return maxMeasure
	}
	return min(v, maxMeasure)
}

const maxMeasure = 1e100

// share writes each sensor's part in the rows of the last score span, in the whole
// 1. Rows that stand out have the larger say.
func (s *Scorer) share(dst []resultline.Share) {
	clear(s.shares)
	for i := range s.blame.size() {
		addScaled(s.shares, 1, s.blame.row(i))
	}
	var sum float64
	for _, c := range s.shares {
		sum += c
	}
	for j := range dst {
		dst[j].Value = 0
		if sum > 0 {
			dst[j].Value = s.shares[j] / sum
		}
	}
}
