package detect

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
)

// fit learns, scores the history with what was learnt without it, takes the worst of
// it away from what is learnt, and does the same again.
func (t *trainer) fit(ctx context.Context) (*Model, error) {
	sums, err := t.sums(ctx)
	if err != nil {
		return nil, err
	}
	lambda, err := choosePenalty(ctx, sums, len(t.basis.columns))
	if err != nil {
		return nil, err
	}
	past, err := t.history(ctx, sums, lambda)
	if err != nil {
		return nil, err
	}
	for range settlings {
		longer := t.settling(past.scores)
		if longer == 0 {
			break
		}
		t.rules.Restart += longer
		t.log.Info("restarts take longer", zap.Duration("restart", t.rules.Restart))
		t.most = t.passes + passesSettling + passesTrimming + passesUnseen
		sums, past = nil, history{} // room for what follows
		if err := t.classify(ctx); err != nil {
			return nil, err
		}
		if err := t.scale(ctx); err != nil {
			return nil, err
		}
		if sums, err = t.sums(ctx); err != nil {
			return nil, err
		}
		if past, err = t.history(ctx, sums, lambda); err != nil {
			return nil, err
		}
	}
	n := t.trim(past.rows)
	t.most = t.passes + passesTrimming + passesUnseen
	if n == 0 {
		return t.finish(ctx, sums, past, lambda)
	}
	t.log.Info("rows far out are not learnt", zap.Int("rows", n))
	past = history{}
	if !t.s.without.trim {
		if err := t.unlearn(ctx, sums); err != nil {
			return nil, err
		}
	}
	if past, err = t.history(ctx, sums, lambda); err != nil {
		return nil, err
	}
	return t.finish(ctx, sums, past, lambda)
}

// finish finds the limit.
func (t *trainer) finish(ctx context.Context, sums [][]*moments.Moments, past history, lambda penalty) (*Model, error) {
	limit, err := t.limit(ctx, sums, past, lambda)
	if err != nil {
		return nil, err
	}
	return t.model(sums, past, lambda, limit)
}

// limit finds the limit of running rows and of restarts.
func (t *trainer) limit(ctx context.Context, sums [][]*moments.Moments, past history, lambda penalty) (Limit, error) {
	l := findLimit(past.rows, t.s.Rate, t.s)
	if l.judgeRestarts(past.restartPeak); t.s.without.ownLimits {
		l.Restart = l.Limit
	}
	strange, err := t.strange(ctx, sums, past, lambda)
	if err != nil {
		return l, err
	}
	if l.judgeStrangers(strange); t.s.without.strangers {
		l.Unseen = l.Limit
	}
	if !l.Verified {
		t.log.Warn("the history is too short to verify the false alarms per week", zap.Duration("needed", t.s.MinHistory), zap.Duration("running_and_unlabelled", t.running()))
	}
	if l.Weekly > l.Target {
		t.log.Warn("the history has more episodes a week than the false alarms asked for: are there faults in it that are not labelled?",
			zap.Float64("episodes", l.Weekly), zap.Float64("asked_for", l.Target))
	}
	return l, nil
}

// model puts together what was learnt.
func (t *trainer) model(sums [][]*moments.Moments, past history, lambda penalty, limit Limit) (*Model, error) {
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

// history is what the fits to the other folds say of each row.
type history struct {
	known       known
	rows        []scored
	scores      []float64 // of each row alone
	calibration Calibration
	restartPeak float64 // highest mean score in a restart time
}

// history makes a pass that scores each row with the fit to the other folds.
func (t *trainer) history(ctx context.Context, sums [][]*moments.Moments, lambda penalty) (history, error) {
	t.pass("fits and scores")
	fits, k, err := crossFit(ctx, sums, len(t.basis.columns), lambda, t.frozen)
	if err != nil {
		return history{}, err
	}
	if err := t.leaveOut(sums, fits, &k, lambda); err != nil {
		return history{}, err
	}
	raw, met, err := t.raw(ctx, fits, knownModes(sums))
	if err != nil {
		return history{}, err
	}
	h := history{known: k, calibration: t.calibration, rows: make([]scored, len(raw)), scores: make([]float64, len(raw))}
	if h.calibration.Median == nil {
		h.calibration = t.calibrate(raw)
	}
	running, restart := newAverage(t.spans.Score, h.calibration.Usual), newAverage(t.spans.Score, h.calibration.Usual)
	for i := range raw {
		h.scores[i] = h.calibration.score(raw[i])
		apart := !met[i] || t.class[i] == trimmed && !frame.Holds(t.s.Labels.Normal, t.labels[i])
		h.rows[i] = scored{t.labels[i], t.states[i], math.NaN(), apart}
		if i > 0 {
			gap := (t.labels[i]-t.labels[i-1])/int64(t.s.Rate) - 1
			running.skip(gap)
			restart.skip(gap)
		}
		switch {
		case t.class[i] >= learnt:
			h.rows[i].score = running.add(h.scores[i])
			restart.skip(1)
		case t.class[i] == restarting:
			h.restartPeak = max(h.restartPeak, restart.add(h.scores[i]))
			running.skip(1)
		default:
			running.skip(1)
			restart.skip(1)
		}
	}
	return h, nil
}

// calibrate takes the rows that count.
func (t *trainer) calibrate(raw []channels) Calibration {
	counted := make([]channels, 0, len(raw))
	for i, c := range raw {
		if t.class[i] >= learnt {
			counted = append(counted, c)
		}
	}
	return calibrate(counted, t.s.without)
}

// leaveOut changes fits as the settings have it.
func (t *trainer) leaveOut(sums [][]*moments.Moments, fits []*fit, k *known, lambda penalty) error {
	if t.s.without.folds {
		f, err := newFit(except(sums, -1), len(t.basis.columns), lambda, t.frozen)
		if err != nil {
			return err
		}
		for i := range fits {
			fits[i] = f
		}
	}
	if t.s.without.surprise {
		all := slices.Repeat([]float64{wellKnown}, len(t.basis.columns))
		*k = known{all, all, all}
	}
	for _, f := range fits {
		f.know(*k)
	}
	return nil
}

// knownModes tells of each fold which modes the other folds know well enough to judge
// its rows: a mode that the history has but once says nothing, in the fold that has
// it, of how a fit that knows it would do.
func knownModes(sums [][]*moments.Moments) [][]bool {
	known := make([][]bool, len(sums))
	for f := range sums {
		for _, m := range except(sums, f) {
			known[f] = append(known[f], m.N >= shrink)
		}
	}
	return known
}

// trimShare is how much of the history is at most left out of the fit, though not
// out of the limit: faults that nobody has labelled.
const trimShare = 0.05

// trim marks the blocks of the history whose scores are far out, the worst first, and
// tells how many rows they have. A history without faults has hardly any.
func (t *trainer) trim(rows []scored) int {
	n, taken := 0, 0
	for _, r := range rows {
		if !math.IsNaN(r.score) {
			n++
		}
	}
	blocks := t.blocks(rows)
	fence := farOut(blocks)
	for _, b := range blocks {
		if b.sum <= fence || float64(taken+len(b.rows)) > trimShare*float64(n) {
			break
		}
		for _, i := range b.rows {
			t.class[i] = trimmed
		}
		taken += len(b.rows)
	}
	return taken
}

// block is a stretch of rows that were learnt.
type block struct {
	rows []int
	sum  float64 // of their scores
}

// farOut is Tukey's outer fence over the blocks: three times the width of the middle
// half above its upper end.
func farOut(blocks []block) float64 {
	var sums []float64
	for _, b := range blocks {
		sums = append(sums, b.sum)
	}
	low, high := quantile(sums, 0.25), quantile(sums, 0.75)
	return high + 3*(high-low)
}

// blocks cuts the history into blocks of two score spans, the worst first.
func (t *trainer) blocks(rows []scored) []block {
	size := 2 * t.spans.Score
	var all []block
	var b block
	for i, r := range rows {
		if math.IsNaN(r.score) || r.apart {
			continue
		}
		b.rows = append(b.rows, i)
		b.sum += r.score
		if len(b.rows) == size {
			all = append(all, b)
			b = block{}
		}
	}
	slices.SortStableFunc(all, func(a, b block) int { return cmp.Compare(b.sum, a.sum) })
	return all
}
