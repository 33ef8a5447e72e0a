package detect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
)

// search is what the history says of every place where the limit may be: all that it
// takes to find the limit again for another target.
type search struct {
	Weeks    float64   `json:"weeks"`    // of running and unlabelled history
	From     float64   `json:"from"`     // the lowest limit
	To       float64   `json:"to"`       // the highest one
	Episodes []int     `json:"episodes"` // at From, ..., To, equally far apart; one: there is nothing to choose
	Restart  float64   `json:"restart"`  // highest mean score in a restart time
	Unseen   float64   `json:"unseen"`   // what nearly all rows keep to that the fit takes for strangers
	Normal   []normals `json:"normal,omitempty"`
}

// normals is a range that was labelled NO_ANOMALY.
type normals struct {
	Start int64   `json:"start_ns"` // Unix ns
	End   int64   `json:"end_ns"`
	Rows  []int   `json:"rows"` // above each limit, as long as there are some
	Peak  float64 `json:"peak"` // highest score
}

// newSearch counts the episodes at the limits between which the search goes on: from
// the 99 % quantile of the rows that stand for normal, up to 1.3 times that of all. With
// half of the history that it takes to verify the target it begins at the quantile of
// all. With less the limit is that quantile, and higher by as much as so little leaves
// it open. It gives what of the limit does not hang on the target, too.
func newSearch(rows []scored, rate time.Duration, s Settings) (*search, Limit) {
	var all, usual []float64
	for _, r := range rows {
		if math.IsNaN(r.score) {
			continue
		}
		all = append(all, r.score)
		if !r.apart {
			usual = append(usual, r.score)
		}
	}
	running := time.Duration(len(all)) * rate
	l := Limit{Base: quantile(all, baseQuantile), Median: sortedQuantile(all, 0.5), Verified: running >= s.MinHistory}
	l.Base = max(l.Base, l.Median+1e-6)
	f := &search{Weeks: running.Hours() / (24 * 7), From: l.Base, Episodes: make([]int, steps+1)}
	short := 2*running < s.MinHistory
	switch {
	case short && !s.without.doubt:
		f.From = l.Median + doubt(rows)*(l.Base-l.Median)
	case l.Verified && len(usual) > 0 && !s.without.search:
		f.From = max(quantile(usual, baseQuantile), l.Median+1e-6)
	}
	f.To = l.Median + raiseAtMost*(l.Base-l.Median)
	if short || s.without.search {
		f.To, f.Episodes = f.From, f.Episodes[:1]
	}
	for step := range f.Episodes {
		f.Episodes[step] = episodes(rows, rate, f.at(step))
	}
	return f, l
}

// at is the limit at a step.
func (f *search) at(step int) float64 { return f.From + (f.To-f.From)*float64(step)/steps }

// find gives l with the lowest limit at which the history has so few episodes that the
// rate behind them is as likely as not within the target, and the step that it is at.
func (f *search) find(l Limit, target float64) (Limit, int) {
	l.Target = target
	step := 0
	for step < len(f.Episodes)-1 && !(atMost(float64(f.Episodes[step]))/f.Weeks <= target) {
		step++
	}
	l.Limit, l.Weekly = f.at(step), float64(f.Episodes[step])/f.Weeks
	l.Capped = len(f.Episodes) > 1 && atMost(float64(f.Episodes[step]))/f.Weeks > target && l.Weekly > target
	l.judgeRestarts(f.Restart)
	l.judgeStrangers(f.Unseen)
	return l, step
}

// mark counts the rows above each limit of ranges that were labelled NO_ANOMALY.
func (f *search) mark(rows []scored, normal []frame.Range) *search {
	marked := *f
	marked.Normal = nil
	for _, r := range normal {
		n := normals{Start: r.Start, End: r.End, Rows: make([]int, len(f.Episodes))}
		for _, row := range rows {
			if math.IsNaN(row.score) || row.label < r.Start || row.label > r.End {
				continue
			}
			n.Peak = max(n.Peak, row.score)
			for step := range n.Rows {
				if row.score > f.at(step) {
					n.Rows[step]++
				}
			}
		}
		for len(n.Rows) > 0 && n.Rows[len(n.Rows)-1] == 0 {
			n.Rows = n.Rows[:len(n.Rows)-1]
		}
		if len(n.Rows) > 0 {
			marked.Normal = append(marked.Normal, n)
		}
	}
	return &marked
}

// above lists the ranges that have rows above the limit at a step.
func (f *search) above(step int) []Above {
	var list []Above
	for _, n := range f.Normal {
		if step < len(n.Rows) && n.Rows[step] > 0 {
			list = append(list, Above{Start: n.Start, End: n.End, Rows: n.Rows[step], Peak: n.Peak})
		}
	}
	return list
}

// check says what cannot be, beside a limit that was found.
func (f *search) check(l Limit) error {
	n := len(f.Episodes)
	if n != 1 && n != steps+1 || !(f.Weeks > 0) || !(f.From > l.Median) || !(f.To > l.Median) || slices.Min(f.Episodes) < 0 {
		return errors.New("what its limit was found by does not fit together")
	}
	for _, r := range f.Normal {
		if len(r.Rows) > n {
			return errors.New("its normal ranges do not fit its limits")
		}
	}
	return nil
}

// ErrNoSearch is what WithFalseAlarms gives for a model that does not know where else
// its limit could be: it was made by a millwright that did not keep that.
var ErrNoSearch = errors.New("the model knows only the limit for the false alarms per week that it was trained for: train again")

// WithFalseAlarms gives the model with the limit that its training would have found for
// so many false alarms a week. Nothing else changes, and no rows are read.
func (m *Model) WithFalseAlarms(perWeek float64) (*Model, error) {
	switch {
	case !(perWeek > 0) || math.IsInf(perWeek, 0):
		return nil, fmt.Errorf("false alarms per week %g: it has to be above 0", perWeek)
	case perWeek == m.limit.Target:
		return m, nil
	case m.search == nil:
		return nil, ErrNoSearch
	}
	other := *m
	limit, step := m.search.find(m.limit, perWeek)
	other.limit, other.Trained.Above = limit, m.search.above(step)
	return &other, nil
}

// limit finds the limit of running rows, of restarts and of strangers.
func (t *trainer) limit(ctx context.Context, sums [][]*moments.Moments, past history, lambda penalty) (Limit, *search, error) {
	f, l := newSearch(past.rows, t.s.Rate, t.s)
	strange, err := t.strange(ctx, sums, past, lambda)
	if err != nil {
		return l, nil, err
	}
	f.Restart, f.Unseen = past.restartPeak, quantile(strange, baseQuantile)
	l, _ = f.find(l, t.s.FalseAlarmsWeekly)
	if t.s.without.ownLimits {
		l.Restart = l.Limit
	}
	if t.s.without.strangers {
		l.Unseen = l.Limit
	}
	if !l.Verified {
		t.log.Warn("the history is too short to verify the false alarms per week", zap.Duration("needed", t.s.MinHistory), zap.Duration("running_and_unlabelled", t.running()))
	}
	if l.Weekly > l.Target {
		t.log.Warn("the history has more episodes a week than the false alarms asked for: are there faults in it that are not labelled?",
			zap.Float64("episodes", l.Weekly), zap.Float64("asked_for", l.Target))
	}
	return l, f, nil
}
