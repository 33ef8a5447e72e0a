package detect

import (
	"context"

	"millwright/inference/detect/crew"
	"millwright/inference/detect/frame"
)

// raw makes a pass for what the fit to the other folds says of each row, and whether it
// has met the row's mode.
func (t *trainer) raw(ctx context.Context, fits []*fit, knows [][]bool) ([]channels, []bool, error) {
	raw, met := make([]channels, len(t.class)), make([]bool, len(t.class))
	c := crew.New(t.s.Cores)
	defer c.Close()
	w := newWork(c, len(t.basis.columns))
	err := t.vectors(ctx, func(i int, v *vector) error {
		if t.states[i] == frame.Stopped {
			return nil
		}
		f := t.fold[i]
		if t.class[i] >= learnt {
			met[i] = knows[f][v.mode]
		}
		w.add(fits[f], v, &raw[i])
		return nil
	})
	w.send()
	c.Wait()
	return raw, met, err
}

// batch is how many rows are measured together.
const batch = 32

// work has vectors measured by a crew, a batch at a time.
type work struct {
	crew  *crew.Crew
	hands []*measures
	free  chan *task
	open  *task
	d     int
}

// task is vectors to be measured by a fit, and where the results go.
type task struct {
	fit     *fit
	vectors []*vector
	to      []*channels
}

func newWork(c *crew.Crew, d int) *work {
	w := &work{crew: c, free: make(chan *task, 2*c.Size()+1), d: d}
	for range c.Size() {
		w.hands = append(w.hands, newMeasures(batch, d))
	}
	return w
}

// add takes a copy of v, to be measured by f. The result is there when the crew is done.
func (w *work) add(f *fit, v *vector, to *channels) {
	if w.open != nil && (w.open.fit != f || len(w.open.to) == batch) {
		w.send()
	}
	if w.open == nil {
		select {
		case w.open = <-w.free:
		default:
			w.open = &task{}
		}
		w.open.fit = f
	}
	at := len(w.open.to)
	if at == len(w.open.vectors) {
		w.open.vectors = append(w.open.vectors, &vector{})
	}
	own := w.open.vectors[at]
	values, present := append(own.values[:0], v.values...), append(own.present[:0], v.present...)
	*own = *v
	own.values, own.present = values, present
	w.open.to = append(w.open.to, to)
}

// send has the open batch measured.
func (w *work) send() {
	if w.open == nil {
		return
	}
	b := w.open
	w.open = nil
	w.crew.Do(func(hand int) {
		s := w.hands[hand]
		b.fit.measure(s, b.vectors[:len(b.to)]...)
		for i, to := range b.to {
			*to = s.channels[i]
		}
		clear(b.to)
		b.to = b.to[:0]
		select {
		case w.free <- b:
		default:
		}
	}, nil)
}
