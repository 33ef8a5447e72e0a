package series

import "math"

// medianOf gives the median of values without NaN and reorders them. The
// median of an even number is the mean of the two in the middle.
func medianOf(v []float64) float64 {
	n := len(v)
	if n == 0 {
		return math.NaN()
	}
	upper := nth(v, n/2)
	if n%2 == 1 {
		return upper
	}
	// nth left the smaller half before n/2.
	lower := v[0]
	for _, x := range v[1 : n/2] {
		lower = max(lower, x)
	}
	m := (lower + upper) / 2
	if math.IsInf(m, 0) {
		return math.NaN()
	}
	return m
}

// nth moves the k-th smallest value (from 0) to v[k], with no larger one before
// it and no smaller one after it, and returns it.
func nth(v []float64, k int) float64 {
	lo, hi := 0, len(v)-1
	for hi-lo > 16 {
		p := middle(v[lo], v[lo+(hi-lo)/2], v[hi])
		i, j := lo, hi
		for i <= j {
			for v[i] < p {
				i++
			}
			for v[j] > p {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	for i := lo + 1; i <= hi; i++ {
		for j := i; j > lo && v[j] < v[j-1]; j-- {
			v[j], v[j-1] = v[j-1], v[j]
		}
	}
	return v[k]
}

func middle(a, b, c float64) float64 {
	return max(min(a, b), min(max(a, b), c))
}

// appendValues appends the values that are not NaN.
func appendValues(dst, values []float64) []float64 {
	for _, v := range values {
		if v == v {
			dst = append(dst, v)
		}
	}
	return dst
}
