package schedule

import (
	"context"
	"slices"
	"sync"
	"time"

	"millwright/inference/detect/frame"
)

// Tails keeps the newest rows of each model in memory in front of a History. What
// is in it is never told from what is not: it is only faster.
type Tails struct {
	behind History
	limit  int // cells

	mu     sync.Mutex
	cells  int
	clock  int64
	models map[string]*tail
}

var _ History = (*Tails)(nil)

// tail is the windows of a model, each with at least a row.
type tail struct {
	windows map[Stretch]*frame.Frame
	ends    map[int64]Stretch // by To
	used    int64
}

// NewTails makes a Tails of about limit bytes; 0: 64 MiB.
func NewTails(behind History, limit int64) *Tails {
	if limit <= 0 {
		limit = 64 << 20
	}
	return &Tails{behind: behind, limit: int(limit / 8), models: map[string]*tail{}}
}

// Keep adds the rows of an execution whose end is recorded. Windows that begin
// before since are not wanted any more.
func (t *Tails) Keep(model string, w Stretch, rows *frame.Frame, since int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.models[model]
	if m == nil {
		m = &tail{windows: map[Stretch]*frame.Frame{}, ends: map[int64]Stretch{}}
		t.models[model] = m
	}
	t.touch(m)
	for s := range m.windows {
		if s == w || s.From < since {
			t.forget(m, s)
		}
	}
	m.windows[w], m.ends[w.To] = rows, w
	t.cells += size(rows)
	for t.cells > t.limit && len(t.models) > 0 {
		t.evict()
	}
}

// Rows implements History. What lies behind the newest windows without a gap is
// asked for behind.
func (t *Tails) Rows(ctx context.Context, model string, from, to int64) (*frame.Frame, error) {
	near, until := t.near(model, from, to)
	if until <= from {
		return joined(nil, near, from), nil
	}
	far, err := t.behind.Rows(ctx, model, from, until)
	if err != nil {
		return nil, err
	}
	return joined(far, near, from), nil
}

// near gives the windows that are known without a gap from until to to.
func (t *Tails) near(model string, from, to int64) (near []*frame.Frame, until int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.models[model]
	if m == nil {
		return nil, to
	}
	t.touch(m)
	for to > from {
		w, ok := m.ends[to]
		if !ok {
			break
		}
		near = append(near, m.windows[w])
		to = w.From
	}
	slices.Reverse(near)
	return near, to
}

func (t *Tails) touch(m *tail) {
	t.clock++
	m.used = t.clock
}

func (t *Tails) forget(m *tail, s Stretch) {
	t.cells -= size(m.windows[s])
	delete(m.windows, s)
	delete(m.ends, s.To)
}

// evict forgets the model that was not asked for longest.
func (t *Tails) evict() {
	var oldest string
	for name, m := range t.models {
		if o := t.models[oldest]; o == nil || m.used < o.used {
			oldest = name
		}
	}
	for s := range t.models[oldest].windows {
		t.forget(t.models[oldest], s)
	}
	delete(t.models, oldest)
}

func size(f *frame.Frame) int { return len(f.Labels) + len(f.Cells) + 32 }

// joined is one frame of several with rows after from. Their columns may differ, as
// those of model versions do.
func joined(far *frame.Frame, near []*frame.Frame, from int64) *frame.Frame {
	all := near
	if far != nil {
		all = append([]*frame.Frame{far}, near...)
	}
	out := &frame.Frame{}
	for i, f := range all {
		if i > 0 && slices.Equal(f.Columns, all[i-1].Columns) {
			continue
		}
		for _, c := range f.Columns {
			if !slices.Contains(out.Columns, c) {
				out.Columns = append(out.Columns, c)
			}
		}
	}
	for _, f := range all {
		fit := newFit(f.Columns, out.Columns)
		for i, label := range f.Labels {
			if label > from {
				out.Append(label, fit.row(f.Row(i)))
			}
		}
	}
	return out
}

// contextOf is what is asked of a History before a window: whole windows back to
// lookback before its first row.
func (e Execution) contextOf(lookback time.Duration) (from int64) {
	return e.Start - (int64(lookback)/int64(e.Frequency)+1)*int64(e.Frequency)
}
