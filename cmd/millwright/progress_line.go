package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"millwright/backfill"
	"millwright/internal/diskspace"
)

// progressLine is a running step.
type progressLine struct {
	screen *progressScreen
	name   string
	unit   backfill.Unit
	begun  time.Time
	n      *atomic.Int64
	total  atomic.Int64 // 0: not known
	after  string       // what goes on when all is read, "": nothing

	// of the screen, under its lock
	ticked time.Time // of the last look
	seen   int64     // n then
	rate   float64   // a second, lately
}

// Add, Total and Done implement backfill.Step.
func (l *progressLine) Add(n int64)   { l.n.Add(n) }
func (l *progressLine) Total(n int64) { l.total.Store(n) }

func (l *progressLine) Done() {
	p := l.screen
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := slices.Index(p.running, l); at >= 0 {
		p.running = slices.Delete(p.running, at, at+1)
		p.ended = append(p.ended, l.last(p.width()-1))
	}
}

// lately is how far back the rate looks.
const lately = 5 * time.Second

// tick measures the rate: the mean from the beginning for a while, then that of
// the last seconds.
func (l *progressLine) tick(now time.Time) {
	n, since := l.n.Load(), now.Sub(l.ticked)
	if since <= 0 {
		return
	}
	if age := now.Sub(l.begun); age < lately {
		l.rate = float64(n) / age.Seconds()
	} else {
		l.rate += (float64(n-l.seen)/since.Seconds() - l.rate) * (1 - math.Exp(-since.Seconds()/lately.Seconds()))
	}
	l.seen, l.ticked = n, now
}

// text is the step in at most width columns. Names of steps beside it are at
// most as long as names.
func (l *progressLine) text(width, names int) string {
	n, total := l.n.Load(), l.total.Load()
	name := fmt.Sprintf("%-*s", names, l.name)
	speed := l.speed(l.rate)
	if total <= 0 {
		return fit(width, []string{name, l.amount(n), speed}, []string{l.name, l.amount(n)})
	}
	n = min(n, total)
	share := float64(n) / float64(total)
	amount := fmt.Sprintf("%*s", 2*len(l.amount(total))+3, l.amount(n)+" / "+l.amount(total))
	percent := fmt.Sprintf("%3.0f %%", math.Floor(100*share))
	left := "        "
	if l.rate > 0 {
		left = brief(time.Duration(float64(total-n)/l.rate*1e9)) + " left"
	}
	if n == total && l.after != "" {
		left = l.after
	}
	const bar = 10 // at the least
	rest := strings.Join([]string{amount, fmt.Sprintf("%10s", speed), left}, "  ")
	if room := min(width-columns(name)-columns(rest)-4, 30); room >= bar {
		return fit(width, []string{name, drawBar(room, share), rest})
	}
	return fit(width, []string{name, percent, speed, left}, []string{l.name, percent, speed, left}, []string{l.name, percent, left}, []string{l.name, percent})
}

// last is the last state, for good.
func (l *progressLine) last(width int) string {
	n, took := l.n.Load(), time.Since(l.begun)
	amount, speed := l.amount(n), l.speed(float64(n)/max(took.Seconds(), 1e-3))
	return fit(width, []string{l.name + ":", amount, "in", brief(took) + ",", speed}, []string{l.name + ":", amount})
}

func (l *progressLine) amount(n int64) string {
	if l.unit == backfill.UnitBytes {
		return diskspace.Decimal(n)
	}
	return fmt.Sprint(n)
}

func (l *progressLine) speed(rate float64) string {
	if l.unit != backfill.UnitBytes && rate < 10 {
		return fmt.Sprintf("%.1f/s", rate)
	}
	return l.amount(int64(rate)) + "/s"
}

func drawBar(width int, share float64) string {
	full := int(share * float64(width-2))
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-2-full) + "]"
}

// brief writes a duration in a few characters.
func brief(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 1000*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return "weeks"
}

// fit puts the first of several ways to say it that fits into width columns,
// and cuts the last one where none does.
func fit(width int, ways ...[]string) string {
	text := ""
	for _, parts := range ways {
		sep := "  "
		if strings.HasSuffix(parts[0], ":") {
			sep = " "
		}
		text = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return '?'
			}
			return r
		}, strings.TrimRight(strings.Join(parts, sep), " "))
		if columns(text) <= width {
			return text
		}
	}
	if r := []rune(text); len(r) > max(0, width) {
		return strings.TrimRight(string(r[:max(0, width)]), " ")
	}
	return text
}

func columns(s string) int { return utf8.RuneCountInString(s) }
