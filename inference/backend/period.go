package backend

import (
	"errors"
	"regexp"
	"strconv"
	"time"
)

const day = 24 * time.Hour

// Period is how often a model is retrained: calendar months and days.
type Period struct{ Months, Days int }

// ParsePeriod reads a RetrainingFrequency such as P1M or P3M15D: from P30D to P1Y.
func ParsePeriod(text string) (Period, error) {
	m := regexp.MustCompile(`^P(?:(\d)Y)?(?:(\d{1,2})M)?(?:(\d{1,3})D)?$`).FindStringSubmatch(text)
	if m == nil {
		return Period{}, errors.New("write years, months and days as in P1Y, P3M15D or P45D")
	}
	number := func(digits string) int {
		n, _ := strconv.Atoi(digits) // "" is 0
		return n
	}
	p := Period{Months: 12*number(m[1]) + number(m[2]), Days: number(m[3])}
	const monthDays = 365.25 / 12
	if days := float64(p.Months)*monthDays + float64(p.Days); days < 30 || days > 365.25 {
		return Period{}, errors.New("write P30D at least and P1Y at most")
	}
	return p, nil
}

// Next is the first of start, start+p, start+2p ... after t. Months are counted from
// start, so that they keep its day; where a month is too short, its last day stands
// in.
func (p Period) Next(start, t time.Time) time.Time {
	longest := time.Duration(31*p.Months+p.Days) * day
	n := max(int(t.Sub(start)/longest), 0) // not beyond the one that is sought
	for {
		if at := p.after(start, n); at.After(t) {
			return at
		}
		n++
	}
}

func (p Period) after(start time.Time, n int) time.Time {
	y, m, d := start.UTC().Date()
	first := time.Date(y, m+time.Month(n*p.Months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1+n*p.Days)
}
