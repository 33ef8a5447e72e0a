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

func minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// minuteAfter leaves out what t has in common with an instant that stands beside it.
func minuteAfter(t, beside time.Time) string {
	t, beside = t.UTC(), beside.UTC()
	switch {
	case t.IsZero():
		return "-"
	case t.Format(time.DateOnly) == beside.Format(time.DateOnly):
		return t.Format("15:04")
	case t.Year() == beside.Year():
		return t.Format("01-02 15:04")
	default:
		return t.Format(time.DateOnly)
	}
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
