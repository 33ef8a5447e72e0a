package resultline

import (
	"cmp"
	"slices"
)

// Largest gives the n largest of shares, largest first, equal ones by name. It
// leaves shares as they are.
func Largest(shares []Share, n int) []Share {
	var top []Share
	for _, s := range shares {
		at, _ := slices.BinarySearchFunc(top, s, compare)
		if at >= n {
			continue
		}
		if len(top) == n {
			top = top[:n-1]
		}
		top = slices.Insert(top, at, s)
	}
	return top
}

func compare(a, b Share) int {
	return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Name, b.Name))
}
