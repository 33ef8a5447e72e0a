package detect

import (
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
)

// model puts together what was learnt.
func (t *trainer) model(sums [][]*moments.Moments, past history, lambda penalty, limit Limit, search *search) (*Model, error) {
	all := except(sums, -1)
	f, err := newFit(all, len(t.basis.columns), lambda, t.frozen)
	if err != nil {
		return nil, err
	}
	f.know(past.known)
	m := &Model{
		names: t.src.Names(), rules: t.rules, basis: t.basis, fit: f, calibration: past.calibration,
		lambda: lambda, limit: limit, sums: all,
		Trained: Trained{Rows: len(t.labels), Dropped: t.dropped, Voided: t.voided},
	}
	for _, r := range t.s.Labels.Anomaly {
		if r.End >= t.labels[0] && r.Start <= t.labels[len(t.labels)-1] {
			m.Trained.Labels++
		}
	}
	if len(t.s.Labels.Anomaly) > 0 && m.Trained.Labels == 0 && t.frozen == nil {
		t.log.Warn("all labels of anomalies lie outside the history: is their zone the data's?", zap.Int("labels", len(t.s.Labels.Anomaly)),
			stamp("history_from", t.labels[0]), stamp("history_to", t.labels[len(t.labels)-1]))
	}
	m.Trained.Above = above(past.rows, t.s.Labels.Normal, m.limit.Limit)
	if search != nil {
		m.search = search.mark(past.rows, t.s.Labels.Normal)
	}
	for _, a := range m.Trained.Above {
		t.log.Warn("labelled NO_ANOMALY, and above the limit all the same",
			stamp("start", a.Start), stamp("end", a.End), zap.Int("rows", a.Rows))
	}
	m.Trained.Start, m.Trained.End = t.labels[0], t.labels[len(t.labels)-1]
	for i, c := range t.class {
		switch {
		case c == learnt:
			m.Trained.Learnt++
		case c == trimmed:
			m.Trained.Trimmed++
		case c == labelled:
			m.Trained.Faulty++
		case c == restarting:
			m.Trained.Restart++
		case t.states[i] == frame.Stopped:
			m.Trained.Off++
		default:
			m.Trained.Unknown++
		}
	}
	return m, nil
}

// stamp is an instant of the data in a log, where zap.Time is that of the entry: with
// its date.
func stamp(key string, ns int64) zap.Field {
	return zap.String(key, time.Unix(0, ns).UTC().Format(time.RFC3339))
}

// above lists the ranges of normal rows in which some are above the limit.
func above(rows []scored, normal []frame.Range, limit float64) []Above {
	var list []Above
	for _, r := range normal {
		a := Above{Start: r.Start, End: r.End}
		for _, row := range rows {
			if row.label >= r.Start && row.label <= r.End && row.score > limit {
				a.Rows++
				a.Peak = max(a.Peak, row.score)
			}
		}
		if a.Rows > 0 {
			list = append(list, a)
		}
	}
	return list
}
