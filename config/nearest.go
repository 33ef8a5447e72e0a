package config

import "strings"

// Nearest finds the known word that is the fewest edits away. It is not ok when
// none is near enough to have been meant.
func Nearest(word string, known []string) (string, bool) {
	best, bestAt := "", len(word)+1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); k != "" && d < bestAt {
			best, bestAt = k, d
		}
	}
	return best, best != "" && bestAt <= max(len(word), len(best))/2
}

// distance counts inserted, deleted, changed and swapped bytes.
func distance(a, b string) int {
	if len(a) > 100 || len(b) > 100 {
		return max(len(a), len(b))
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
