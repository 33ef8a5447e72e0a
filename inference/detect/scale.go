package detect

import (
	"context"
	"fmt"
	"math"

	"millwright/inference/detect/crew"
	"millwright/inference/detect/moments"
)

// Scale says where each sensor lies in each operating mode and how far it spreads
// there. Index len(modes) is the machine as a whole, for rows of unknown mode.
type Scale struct {
	Center [][]float64 `json:"center"` // mode by sensor
	Spread [][]float64 `json:"spread"` // above 0
}

// shrink is how many rows of the whole machine each mode is given beside its own.
const shrink = 200

// scaleOf derives the scale from each mode's moments, of which the first d entries
// are the sensors. A mode's mean and spread are drawn towards those of all modes:
// own n/(n+200) + all 200/(n+200).
func scaleOf(modes []*moments.Moments, d int) Scale {
	all := moments.New(d)
	for _, m := range modes {
		all.Merge(head(m, d))
	}
	var s Scale
	center, spread := locate(all)
	for _, m := range modes {
		c, v := locate(head(m, d))
		w := m.N / (m.N + shrink)
		for j := range c {
			c[j] = w*c[j] + (1-w)*center[j]
			v[j] = math.Exp(w*math.Log(max(v[j], 1e-3*spread[j])) + (1-w)*math.Log(spread[j]))
		}
		s.Center, s.Spread = append(s.Center, c), append(s.Spread, v)
	}
	s.Center, s.Spread = append(s.Center, center), append(s.Spread, spread)
	return s
}

// locate gives mean and standard deviation of every entry.
func locate(m *moments.Moments) (mean, spread []float64) {
	mean, spread = append([]float64(nil), m.Mean...), make([]float64, len(m.Mean))
	for j := range spread {
		spread[j] = 1
		if v := m.Row(j)[0]; m.N > 1 && v > 0 {
			spread[j] = math.Sqrt(v / m.N)
		}
	}
	return mean, spread
}

// head is the part of the moments that belongs to the first d entries.
func head(m *moments.Moments, d int) *moments.Moments {
	h := moments.New(d)
	h.N = m.N
	copy(h.Mean, m.Mean)
	for i := range d {
		copy(h.Row(i), m.Row(i))
	}
	return h
}

// farthest is how many spreads from its centre a sensor is taken to be at the most, so
// that no square of it is infinite.
const farthest = 1e6

// apply brings a vector of blocks of sensors, one for each lag, to the scale of a mode.
func (s Scale) apply(dst, x []float64, mode int) {
	c, v := s.Center[mode], s.Spread[mode]
	d := len(c)
	for at := 0; at < len(x); at += d {
		for j := range d {
			dst[at+j] = min(max((x[at+j]-c[j])/v[j], -farthest), farthest)
		}
	}
}

// pool gives the second moments Σ zzᵀ/n of all modes' vectors after scaling, a full
// symmetric matrix row after row, and n. The modes' centres differ from their means
// by the shrinking; the distance counts like any other.
func (s Scale) pool(modes []*moments.Moments) (c []float64, n float64) {
	p := len(modes[0].Mean)
	d := len(s.Center[0])
	c = make([]float64, p*p)
	for k, m := range modes {
		if m.N == 0 {
			continue
		}
		n += m.N
		for i := range p {
			vi := s.Spread[k][i%d]
			di := m.Mean[i] - s.Center[k][i%d]
			row := m.Row(i)
			for j := i; j < p; j++ {
				dj := m.Mean[j] - s.Center[k][j%d]
				c[i*p+j] += (row[j-i] + m.N*di*dj) / (vi * s.Spread[k][j%d])
			}
		}
	}
	for i := range p {
		for j := i; j < p; j++ {
			c[i*p+j] /= max(n, 1)
			c[j*p+i] = c[i*p+j]
		}
	}
	return c, n
}

// mean gives the mean of all modes' vectors after scaling.
func (s Scale) mean(modes []*moments.Moments) []float64 {
	mean := make([]float64, len(modes[0].Mean))
	var n float64
	for k, m := range modes {
		n += m.N
		for i, v := range m.Mean {
			j := i % len(s.Center[k])
			mean[i] += m.N * (v - s.Center[k][j]) / s.Spread[k][j]
		}
	}
	for i := range mean {
		mean[i] /= max(n, 1)
	}
	return mean
}

// scale finds each mode's place and spread and what missing sensors are filled by,
// from complete rows.
func (t *trainer) scale(ctx context.Context) error {
	d := len(t.basis.columns)
	c := crew.New(t.s.Cores)
	defer c.Close()
	centers := make([][]float64, t.basis.modes.Count())
	for k := range centers {
		centers[k] = t.about
	}
	g := t.gathering(moments.NewFloor(c), d, centers)
	t.pass("scales")
	err := t.vectors(ctx, func(i int, v *vector) error {
		if t.class[i] == learnt && v.count == d {
			g.add(i, v.mode, v.values[:d])
		}
		return nil
	})
	if err != nil {
		return err
	}
	modes := g.close()
	var n float64
	for _, m := range modes {
		n += m.N
	}
	if n < 2*float64(d) {
		return fmt.Errorf("%.0f rows in which every sensor has a value: it takes at least %d", n, 2*d)
	}
	t.basis.scale = scaleOf(modes, d)
	pooled, _ := t.basis.scale.pool(modes)
	inv, err := invert(pooled, d, 1e-2)
	if err != nil {
		return err
	}
	t.basis.fill = make([]float64, d*d)
	for i := range d {
		for j := range d {
			t.basis.fill[i*d+j] = inv.At(i, j)
		}
	}
	return nil
}
