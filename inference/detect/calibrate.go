package detect

import (
	"math"
)

// Calibration brings the members to one measure, so that their mean can be taken.
type Calibration struct {
	T2, Q  float64   // 99 % levels of the principal components' two scores
	Median []float64 // of each member
	Top    []float64 // 99 % quantile of each member
	Usual  float64   // median of the members' mean

	without without // in training only
}

// members are: sensors from the others; from the others and lags; principal components.
const members = 3

// calibrate takes the raw scores of rows that the fit had not seen.
func calibrate(rows []channels, w without) Calibration {
	pick := func(of func(channels) float64) []float64 {
		var v []float64
		for _, c := range rows {
			if x := of(c); !math.IsNaN(x) {
				v = append(v, x)
			}
		}
		return v
	}
	k := Calibration{without: w}
	k.T2 = positive(quantile(pick(func(c channels) float64 { return c.t2 }), 0.99))
	k.Q = positive(quantile(pick(func(c channels) float64 { return c.q }), 0.99))
	for m := range members {
		v := pick(func(c channels) float64 { return k.raw(c)[m] })
		k.Top = append(k.Top, quantile(v, 0.99))
		k.Median = append(k.Median, sortedQuantile(v, 0.5))
	}
	means := make([]float64, len(rows))
	for i, c := range rows {
		means[i] = k.score(c)
	}
	k.Usual = quantile(means, 0.5)
	return k
}

func positive(v float64) float64 { return max(v, 1e-9) }

func (k *Calibration) raw(c channels) [members]float64 {
	return [members]float64{c.others, c.lagged, c.t2/k.T2 + c.q/k.Q}
}

// score is the mean over the members that can say something of
// log(1 + (raw - median)/(top - median)): 0 at the median and log 2 at the level
// that one normal row in a hundred passes, whatever the member.
func (k *Calibration) score(c channels) float64 {
	var sum, n float64
	for m, raw := range k.raw(c) {
		if math.IsNaN(raw) || k.without.member && k.without.memberAt == m {
			continue
		}
		sum += math.Log1p(max(0, raw-k.Median[m]) / positive(k.Top[m]-k.Median[m]))
		n++
	}
	return sum / max(n, 1)
}
