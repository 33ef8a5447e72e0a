package sensorstat

import "slices"

// severalModes tells whether the values lie in at least two heaps with next to
// nothing between them. A slope, a sine or noise of any usual shape has one heap.
func severalModes(values []float64) bool {
	const bins = 24
	if len(values) < MinModeSample {
		return false
	}
	sorted := slices.Sorted(slices.Values(values))
	cut := len(sorted) / 50 // a few outliers are no mode
	sorted = sorted[cut : len(sorted)-cut]
	lo, hi := sorted[0], sorted[len(sorted)-1]
	if !(hi > lo) || hi-lo > 1e300 {
		return false
	}
	var heap [bins + 2]float64 // with an empty bin at each end
	for _, v := range sorted {
		heap[1+min(bins-1, int((v-lo)/(hi-lo)*bins))]++
	}
	var smooth [bins]float64
	for i := range smooth {
		smooth[i] = (heap[i] + 2*heap[i+1] + heap[i+2]) / 4
	}
	least, left := ModeShare*float64(len(sorted)), heap[1]
	for i := 1; i < bins-1; i++ {
		left += heap[i+1]
		if left < least || float64(len(sorted))-left < least {
			continue
		}
		if smooth[i] <= ModeValley*min(slices.Max(smooth[:i]), slices.Max(smooth[i+1:])) {
			return true
		}
	}
	return false
}
