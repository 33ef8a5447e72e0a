package diskspace

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

type unit struct {
	name  string
	bytes int64
}

// units go from the largest; a name that ends another comes after it.
func units() []unit {
	return []unit{
		{"TiB", 1 << 40},
		{"TB", 1e12},
		{"GiB", 1 << 30},
		{"GB", 1e9},
		{"MiB", 1 << 20},
		{"MB", 1e6},
		{"KiB", 1 << 10},
		{"kB", 1e3},
		{"KB", 1e3},
		{"B", 1},
		{"", 1},
	}
}

// Parse reads a number with a unit: 4GiB, 5MB, 1.5GiB, 1024. Nothing is negative.
func Parse(text string) (bytes int64, ok bool) {
	for _, u := range units() {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		v *= float64(u.bytes)
		return int64(v), err == nil && v >= 0 && v < math.MaxInt64
	}
	return 0, false
}

// Exact writes what Parse reads as just so many bytes, with the largest unit that does.
func Exact(bytes int64) string {
	for _, u := range units() {
		if u.bytes > 1 && bytes >= u.bytes && bytes%u.bytes == 0 {
			return strconv.FormatInt(bytes/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(bytes, 10)
}

// Binary writes about how many bytes there are, as memory and disks are
// measured: 1.5 GiB.
func Binary(bytes int64) string { return about(bytes, 1024, "B", "KiB", "MiB", "GiB", "TiB") }

// Decimal does it as files and links are: 1.6 GB.
func Decimal(bytes int64) string { return about(bytes, 1000, "B", "kB", "MB", "GB", "TB") }

func about(bytes int64, step float64, names ...string) string {
	if math.Abs(float64(bytes)) < step {
		return fmt.Sprintf("%d %s", bytes, names[0])
	}
	v := float64(bytes) / step
	names = names[1:]
	for len(names) > 1 && math.Abs(v) >= step-0.05 { // which would be printed as step
		v, names = v/step, names[1:]
	}
	return fmt.Sprintf("%.1f %s", v, names[0])
}
