package main

import (
	"math"
	"strings"
)

// sparkline draws scores from 0 to 1 with eight characters, lowest first.
type sparkline [8]rune

// sparksFor gives blocks where the locale can show them.
func sparksFor(getenv func(string) string) sparkline {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set decides
		v := strings.ToLower(getenv(name))
		if v == "" {
			continue
		}
		if strings.Contains(v, "utf-8") || strings.Contains(v, "utf8") {
			return sparkline([]rune("▁▂▃▄▅▆▇█"))
		}
		break
	}
	return sparkline([]rune("_.-:=+*#"))
}

// draw gives at most width characters, each the highest score of its part of
// scores; NaN is a row without score, and a part of none but them is blank.
// Anomalous scores, above one half, are in the upper four.
func (s sparkline) draw(scores []float64, width int) string {
	cells := min(width, len(scores))
	line := make([]rune, cells)
	for i := range line {
		line[i] = ' '
		highest := math.NaN()
		for _, v := range scores[i*len(scores)/cells : (i+1)*len(scores)/cells] {
			if math.IsNaN(highest) || v > highest {
				highest = v
			}
		}
		if !math.IsNaN(highest) {
			line[i] = s[level(highest)]
		}
	}
	return strings.TrimRight(string(line), " ")
}

// level is 0 to 3 up to one half and 4 to 7 above it.
func level(score float64) int {
	n := int(math.Ceil(score*8)) - 1
	return max(0, min(n, 7))
}
