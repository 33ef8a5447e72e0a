package validate

import (
	"fmt"
	"strings"
	"time"
)

// head keeps the end of a text, tail its beginning.
func head(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return "..." + string(r[len(r)-n+3:])
}

func tail(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-3]) + "..."
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05")
}

func seconds(s float64) string {
	if s == 0 {
		return "-"
	}
	if s < 1 {
		return fmt.Sprintf("%.3gs", s)
	}
	d := time.Duration(s * float64(time.Second)).Round(time.Second)
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} { // 5m rather than 5m0s
		if t, ok := strings.CutSuffix(text, zero); ok {
			text = t + zero[:1]
		}
	}
	return text
}
