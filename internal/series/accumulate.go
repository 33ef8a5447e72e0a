package series

import "math"

// acc is one sensor's bin in the making: values are given to it in time order.
// The median is not kept here but by whoever keeps the values.
type acc struct {
	n int64   // values so far
	x float64 // their sum, smallest, largest, first or last
}

// add takes further values in time order, skipping NaN.
func (k kind) add(a *acc, values []float64) {
	switch k {
	case kindMean, kindSum, kindCount:
		a.x, a.n = sumOne(a.x, a.n, values)
	case kindMin:
		for _, v := range values {
			if v == v {
				if a.n == 0 || v < a.x {
					a.x = v
				}
				a.n++
			}
		}
	case kindMax:
		for _, v := range values {
			if v == v {
				if a.n == 0 || v > a.x {
					a.x = v
				}
				a.n++
			}
		}
	case kindFirst:
		if a.n > 0 {
			return
		}
		for _, v := range values {
			if v == v {
				a.x, a.n = v, 1
				return
			}
		}
	case kindLast:
		if i := lastValue(values); i >= 0 {
			a.x, a.n = values[i], 1
		}
	case kindMedian:
		// The values themselves are needed: see medianOf.
	}
}

// cell is the bin's value, NaN when no value came or it is beyond float64.
func (k kind) cell(a acc) float64 {
	if a.n == 0 {
		return math.NaN()
	}
	x := a.x
	switch k {
	case kindMean:
		x /= float64(a.n)
	case kindCount:
		x = float64(a.n)
	default:
	}
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	return x
}

// lastValue is the index of the last value that is not NaN, or -1.
func lastValue(values []float64) int {
	for i := len(values) - 1; i >= 0; i-- {
		if values[i] == values[i] {
			return i
		}
	}
	return -1
}

func sumOne(sum float64, n int64, values []float64) (float64, int64) {
	for _, v := range values {
		if v == v {
			sum += v
			n++
		}
	}
	return sum, n
}

// infBits are the bits of +Inf. Read as integers without their sign, exactly
// the NaNs are above it.
const (
	infBits  = 0x7ff0000000000000
	signBits = 1 << 63
)

// missing is all ones for the bits of a NaN, else 0.
func missing(bits uint64) uint64 {
	return uint64((infBits - int64(bits&^signBits)) >> 63)
}

// sumFour does what sumOne does for four sensors at once. The four additions
// wait for each other only within their own sensor, and no branch depends on
// where values are missing: with scattered gaps this is four times as fast.
func sumFour(a *[4]acc, v0, v1, v2, v3 []float64) {
	n := len(v0)
	v1, v2, v3 = v1[:n], v2[:n], v3[:n]
	s0, s1, s2, s3 := a[0].x, a[1].x, a[2].x, a[3].x
	var m0, m1, m2, m3 uint64
	for i := range v0 {
		b0, b1 := math.Float64bits(v0[i]), math.Float64bits(v1[i])
		b2, b3 := math.Float64bits(v2[i]), math.Float64bits(v3[i])
		k0, k1, k2, k3 := missing(b0), missing(b1), missing(b2), missing(b3)
		// A missing value adds +0, which changes no sum that began at +0.
		s0 += math.Float64frombits(b0 &^ k0)
		s1 += math.Float64frombits(b1 &^ k1)
		s2 += math.Float64frombits(b2 &^ k2)
		s3 += math.Float64frombits(b3 &^ k3)
		m0 += k0
		m1 += k1
		m2 += k2
		m3 += k3
	}
	a[0] = acc{a[0].n + int64(n) + int64(m0), s0}
	a[1] = acc{a[1].n + int64(n) + int64(m1), s1}
	a[2] = acc{a[2].n + int64(n) + int64(m2), s2}
	a[3] = acc{a[3].n + int64(n) + int64(m3), s3}
}
