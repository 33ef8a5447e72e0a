package detect

import (
	"context"
	"math"
	"slices"

	"millwright/inference/detect/crew"
)

// Modes are the operating points of a machine: stretches of one sensor's values,
// each around a centre. No centres: the machine has one mode.
type Modes struct {
	Sensor  int       `json:"sensor"` // index of the sensor that sets the operating point
	Centers []float64 `json:"centers,omitempty"`
	Low     []float64 `json:"low,omitempty"`  // lowest and highest value of each mode
	High    []float64 `json:"high,omitempty"` // that was met in training
}

// Count is how many modes there are, at least one.
func (m Modes) Count() int { return max(1, len(m.Centers)) }

// Of gives the mode whose centre is nearest to v; where v is missing it is Count,
// the machine as a whole.
func (m Modes) Of(v float64) int {
	if len(m.Centers) == 0 {
		return 0
	}
	if math.IsNaN(v) {
		return m.Count()
	}
	best := 0
	for i, c := range m.Centers {
		if math.Abs(v-c) < math.Abs(v-m.Centers[best]) {
			best = i
		}
	}
	return best
}

// Unseen tells whether v lies further outside what a mode showed in training than
// half of that mode's width.
func (m Modes) Unseen(v float64) bool {
	if len(m.Centers) == 0 || math.IsNaN(v) {
		return false
	}
	for i := range m.Centers {
		margin := (m.High[i] - m.Low[i]) / 2
		if v >= m.Low[i]-margin && v <= m.High[i]+margin {
			return false
		}
	}
	return true
}

const (
	maxModes    = 6
	minShare    = 0.02 // of the rows, in each mode
	valley      = 0.1  // rows between two modes against those at the lower of the two peaks
	minExplains = 0.1  // of the other sensors' variance, for modes to be worth having
)

// findModes looks for the sensor that sets the operating point. Its plateaus tell
// much of the other sensors' variance; but so do those of every sensor that follows
// it, so of all that tell nearly as much as the best it is the one with the sharpest
// plateaus. dwell is how many rows a mode lasts on average at the least. With named
// sensors only those are considered, and the first with plateaus is taken.
func findModes(ctx context.Context, cores int, s *sample, named []int, dwell int) (Modes, error) {
	type candidate struct {
		modes     Modes
		explained float64
		sharpness float64
	}
	columns, means := make([][]float64, s.width), make([]float64, s.width)
	for j := range columns {
		columns[j] = s.column(j)
		means[j] = meanOf(columns[j])
	}
	found := make([]candidate, s.width)
	err := crew.Each(ctx, cores, s.width, func(j int) error {
		if named != nil && !slices.Contains(named, j) {
			return nil
		}
		if m, ok := plateaus(columns[j], j); ok && s.switches(m) <= 1/float64(dwell) {
			found[j] = candidate{m, explained(columns, means, m), sharpness(columns[j], m)}
		}
		return nil
	})
	if err != nil {
		return Modes{}, err
	}
	var all []candidate
	best := 0.0
	for _, c := range found {
		if c.modes.Count() > 1 {
			all = append(all, c)
			best = max(best, c.explained)
		}
	}
	if named != nil {
		slices.SortStableFunc(all, func(a, b candidate) int {
			return slices.Index(named, a.modes.Sensor) - slices.Index(named, b.modes.Sensor)
		})
		if len(all) > 0 {
			return all[0].modes, nil
		}
		return Modes{}, nil
	}
	var chosen candidate
	for _, c := range all {
		if c.explained >= max(minExplains, nearlyBest*best) && c.sharpness > chosen.sharpness {
			chosen = c
		}
	}
	return chosen.modes, nil
}

// nearlyBest is the share of the best explanation that makes a rival.
const nearlyBest = 0.9

// sharpness is the least distance of two neighbouring modes in units of the mean of
// their widths, each the range of its middle half.
func sharpness(values []float64, m Modes) float64 {
	parts := make([][]float64, m.Count())
	for _, v := range values {
		if !math.IsNaN(v) {
			parts[m.Of(v)] = append(parts[m.Of(v)], v)
		}
	}
	var width, middle []float64
	for _, p := range parts {
		width = append(width, quantile(p, 0.75)-quantile(p, 0.25))
		middle = append(middle, quantile(p, 0.5))
	}
	least := math.Inf(1)
	for i := 1; i < len(width); i++ {
		least = min(least, 2*(middle[i]-middle[i-1])/positive(width[i]+width[i-1]))
	}
	return least
}

// plateaus finds the most modes with valleys between them in the values of a sensor.
func plateaus(values []float64, sensor int) (Modes, bool) {
	values = slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	slices.Sort(values)
	if len(values) < 2*maxModes || values[0] == values[len(values)-1] {
		return Modes{}, false
	}
	h := newHistogram(values)
	for k := maxModes; k > 1; k-- {
		centers := h.kmeans(k)
		if len(centers) != k || !h.valleys(centers, len(values)) {
			continue
		}
		m := Modes{Sensor: sensor, Centers: centers, Low: make([]float64, k), High: make([]float64, k)}
		parts := make([][]float64, k)
		for _, v := range values {
			parts[m.Of(v)] = append(parts[m.Of(v)], v)
		}
		for i, p := range parts {
			m.Low[i], m.High[i] = sortedQuantile(p, 0.01), sortedQuantile(p, 0.99)
		}
		return m, true
	}
	return Modes{}, false
}

// explained is the share of the other sensors' variance that lies between the modes
// (η²), in the mean over the sensors.
func explained(columns [][]float64, means []float64, m Modes) float64 {
	mode := make([]int, len(columns[m.Sensor]))
	for i, v := range columns[m.Sensor] {
		if mode[i] = m.Of(v); math.IsNaN(v) {
			mode[i] = -1
		}
	}
	var shares float64
	n, sum := make([]float64, m.Count()), make([]float64, m.Count())
	for j, column := range columns {
		if j == m.Sensor {
			continue
		}
		clear(n)
		clear(sum)
		var square float64
		for i, v := range column {
			if k := mode[i]; k >= 0 && !math.IsNaN(v) {
				v -= means[j]
				n[k]++
				sum[k] += v
				square += v * v
			}
		}
		var total, rows, between float64
		for k := range n {
			rows += n[k]
			total += sum[k]
			between += sum[k] * sum[k] / max(n[k], 1)
		}
		middle := total * total / max(rows, 1)
		if square > middle {
			shares += (between - middle) / (square - middle)
		}
	}
	return shares / float64(max(len(columns)-1, 1))
}

// meanOf is the mean of the values that there are.
func meanOf(values []float64) float64 {
	var n, sum float64
	for _, v := range values {
		if !math.IsNaN(v) {
			n++
			sum += v
		}
	}
	return sum / max(n, 1)
}
