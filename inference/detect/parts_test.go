package detect

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/files"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/metrics"
	"millwright/internal/resultline"
)

// What BenchmarkParts trains on and judges by, instead of simulated machines.
var (
	partsData = flag.String("parts", "", "`FOLDER` whose folders each have history, new and labels.csv")
	partsRate = flag.Duration("parts-rate", 5*time.Minute, "the models' sampling `RATE`")
	partsOff  = flag.String("parts-off", "", "when the machines are off")
)

// machine is a history to learn from, what came after, and labels of both.
type machine struct {
	name         string
	history, new *frame.Frame
	labels       Labels
	rate         time.Duration
	off          frame.Off
}

func machines(b *testing.B) []machine {
	b.Helper()
	if *partsData == "" {
		return simulated()
	}
	off, err := frame.ParseOff(*partsOff)
	if err != nil {
		b.Fatal(err)
	}
	folders, err := filepath.Glob(filepath.Join(*partsData, "*", "history"))
	if err != nil || len(folders) == 0 {
		b.Fatalf("%s: no folder in it has a folder history (%v)", *partsData, err)
	}
	read := func(dir string, columns []frame.Name) *frame.Frame {
		list, _, err := files.Find([]string{dir})
		if err != nil {
			b.Fatal(err)
		}
		src, err := files.Open(b.Context(), list, files.Options{Rate: *partsRate, Columns: columns})
		if err != nil {
			b.Fatal(err)
		}
		f, err := frame.Collect(b.Context(), src)
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
	var all []machine
	for _, dir := range folders {
		m := machine{name: filepath.Base(filepath.Dir(dir)), rate: *partsRate, off: off, history: read(dir, nil)}
		m.new = read(filepath.Join(filepath.Dir(dir), "new"), m.history.Columns)
		l, err := os.Open(filepath.Join(filepath.Dir(dir), "labels.csv"))
		if err != nil {
			b.Fatal(err)
		}
		labels, err := files.ReadLabels(l, time.UTC)
		l.Close()
		if err != nil {
			b.Fatal(err)
		}
		m.labels = Labels(labels)
		all = append(all, m)
	}
	return all
}

// simulated are machines with a fault in the history and six after it.
func simulated() []machine {
	var all []machine
	for seed := range uint64(4) {
		p := plant{seed: 200 + seed, rows: 14000}
		faults := [][2]int{{3000, 3300}, {7200, 7500}, {8300, 8700}, {9500, 9700}, {10600, 11100}, {11900, 12200}, {13000, 13500}}
		p.fault = func(i int, c []float64) {
			for k, f := range faults {
				if i >= f[0] && i < f[1] {
					far := float64(i-f[0]) / float64(f[1]-f[0])
					c[1+k%6] *= 1 + (0.03+0.03*float64(seed))*far
				}
			}
		}
		f := p.frame()
		m := machine{name: "simulated", rate: 5 * time.Minute, off: p.settings().Off, history: f.Between(0, f.Labels[6500]), new: f.Between(f.Labels[6500], 1<<62)}
		for _, at := range faults {
			m.labels.Anomaly = append(m.labels.Anomaly, frame.Range{Start: f.Labels[at[0]], End: f.Labels[at[1]-1]})
		}
		all = append(all, m)
	}
	return all
}

// worth is what results amount to, over all machines.
type worth struct {
	found, labelled, outside, weeks, lead, auc, n float64
	hit, missed, false_, quiet                    float64 // rows
}

func (w *worth) judge(b *testing.B, m machine, s Settings) {
	b.Helper()
	model, err := Train(b.Context(), m.history, s, zap.NewNop())
	if err != nil {
		b.Fatal(err)
	}
	c := metrics.New(m.rate, m.labels.Anomaly)
	session := model.NewSession()
	keep := func(r resultline.Row, k Remark) error {
		if r.Time < m.new.Labels[0] {
			return nil
		}
		c.Add(r, metrics.Condition{Restarting: k.State == frame.Restarting, Unseen: k.Unseen})
		switch in := frame.Holds(m.labels.Anomaly, r.Time); {
		case !r.HasScore:
		case in && r.Prediction == 1:
			w.hit++
		case in:
			w.missed++
		case r.Prediction == 1:
			w.false_++
		default:
			w.quiet++
		}
		return nil
	}
	for _, f := range []*frame.Frame{m.history.Between(m.new.Labels[0]-int64(model.Lookback()), 1<<62), m.new} {
		for i, label := range f.Labels {
			if err := session.Add(label, f.Row(i), keep); err != nil {
				b.Fatal(err)
			}
		}
	}
	got := c.Metrics()
	w.found += float64(got.LabeledEvents.Identified)
	w.labelled += float64(got.LabeledEvents.Labeled)
	w.outside += float64(got.UnknownEvents.Identified)
	w.weeks += (w.quiet + w.false_) * m.rate.Hours() / (7 * 24)
	if got.Version != nil {
		w.lead, w.auc, w.n = w.lead+value(got.Version.Lead), w.auc+value(got.Version.AUC), w.n+1
	}
}

// BenchmarkParts says what each part of the recipe is worth: it leaves each out once.
//
//	go test ./inference/detect -run '^$' -bench Parts -benchtime 1x
//	go test ./inference/detect -run '^$' -bench Parts -benchtime 1x -args -parts FOLDER -parts-off 'pump\speed < 75'
func BenchmarkParts(b *testing.B) {
	all := machines(b)
	for _, part := range []struct {
		name string
		s    Settings
		no   func(*machine)
	}{
		{name: "nothing"},
		{name: "labels", no: func(m *machine) { m.labels.Anomaly = nil }},
		{name: "off rule", no: func(m *machine) { m.off = frame.Off{} }},
		{name: "restart time", s: Settings{Restart: -1}},
		{name: "restarts' limit", s: Settings{without: without{ownLimits: true}}},
		{name: "unseen modes' limit", s: Settings{without: without{strangers: true}}},
		{name: "modes", s: Settings{without: without{modes: true}}},
		{name: "smoothing of inputs", s: Settings{without: without{inputs: true}}},
		{name: "smoothing of the score", s: Settings{without: without{scores: true}}},
		{name: "trimming", s: Settings{without: without{trim: true}}},
		{name: "blocked cross-validation", s: Settings{without: without{folds: true}}},
		{name: "surprise", s: Settings{without: without{surprise: true}}},
		{name: "doubt of short histories", s: Settings{without: without{doubt: true}}},
		{name: "search of the limit", s: Settings{without: without{search: true}}},
		{name: "fences", s: Settings{without: without{fences: true}}},
		{name: "member others", s: Settings{without: without{member: true, memberAt: 0}}},
		{name: "member lagged", s: Settings{without: without{member: true, memberAt: 1}}},
		{name: "member components", s: Settings{without: without{member: true, memberAt: 2}}},
	} {
		b.Run("without "+part.name, func(b *testing.B) {
			for b.Loop() {
				var w worth
				for _, m := range all {
					judged := m.labels
					if part.no != nil {
						part.no(&m)
					}
					s := part.s
					s.Rate, s.Off, s.Labels = m.rate, m.off, m.labels
					m.labels = judged
					w.judge(b, m, s)
				}
				b.ReportMetric(w.found/w.labelled, "found")
				b.ReportMetric(w.outside/w.weeks, "false/week")
				b.ReportMetric(w.lead/w.n, "lead")
				b.ReportMetric(w.auc/w.n, "auc")
				b.ReportMetric(2*w.hit/(2*w.hit+w.missed+w.false_), "f1")
				b.ReportMetric(w.false_/(w.false_+w.quiet), "far")
				b.ReportMetric(w.missed/(w.missed+w.hit), "mar")
			}
		})
	}
}

// value is that of a measure, 0 where there is nothing of it.
func value(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}
