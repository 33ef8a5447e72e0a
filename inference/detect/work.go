package detect

import (
	"slices"

	"millwright/inference/detect/crew"
)

// batch is how many rows are measured together.
const batch = 32

// work has vectors measured by a crew, a batch at a time.
type work struct {
	crew  *crew.Crew
	hands []*measures
	free  chan *rowsOfWork
	open  *rowsOfWork
	d     int
}

// rowsOfWork are vectors to be measured by a fit, and where the results go.
type rowsOfWork struct {
	fit     *fit
	vectors []*vector
	to      []*channels
}

func newWork(c *crew.Crew, d int) *work {
	w := &work{crew: c, free: make(chan *rowsOfWork, 2*c.Size()+1), d: d}
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
			w.open = &rowsOfWork{}
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
		b.to = slices.Delete(b.to, 0, len(b.to))
		select {
		case w.free <- b:
		default:
		}
	}, nil)
}
