package seal

import (
	"context"
	"math"
	"time"

	"millwright/internal/series"
)

// sheet is a window's content: one cell per sensor and label.
type sheet struct {
	columns *columns
	first   int64 // label of the first row, Unix ns
	rate    int64
	n       int       // labels
	cells   []float64 // column by column, NaN for an empty cell
	whole   []int32   // ... or as whole numbers of 10^-places, where these are not negative
	places  []int
	real    []bool // by label: it has a value that is not held
	unseen  int    // labels that are not in real yet
	some    bool   // any cell at all
	texts   []text
	last    []series.Last
}

// rows is the number of labels with a real value.
func (t *sheet) rows() int64 { return int64(t.n - t.unseen) }

// fill resamples the merged rows of l's window at start. t.last holds what the
// window begins with and afterwards what the next one does.
func (t *sheet) fill(ctx context.Context, l *lane, start int64, m *merged) error {
	t.columns, t.rate, t.some = l.columns, int64(l.Cadence.Rate), false
	t.first, t.n = l.Cadence.Labels(start)
	t.cells = grow(t.cells, t.n*len(t.columns.names))
	t.real = grow(t.real, t.n)
	clear(t.real)
	t.unseen = t.n
	grid := l.grid()
	from, to := l.Cadence.Rows(start)
	even := m.even(grid, t.first, t.n, from, to)
	t.places = grow(t.places, len(t.columns.names))
	decimal := even && len(t.cells) <= fewCells
	if decimal {
		t.whole = grow(t.whole, len(t.cells))
	}
	for i, name := range t.columns.names {
		if i%64 == 63 && ctx.Err() != nil {
			return ctx.Err()
		}
		t.places[i] = -1
		if decimal && t.columns.specs[i].Aggregate != series.AggregateCount {
			switch done, err := t.decimals(m, name, i); {
			case err != nil:
				return err
			case done:
				continue
			}
		}
		times, values, err := m.column(name, i)
		if err != nil {
			return err
		}
		cells, spec := t.cells[i*t.n:(i+1)*t.n], t.columns.specs[i]
		if even { // the usual case: data at the target rate
			t.last[i] = spec.Single(cells, times, values, grid, t.first, t.last[i])
			t.markEach(values)
		} else {
			t.last[i] = spec.Column(cells, times, values, grid, t.first, t.last[i])
			t.mark(l.Cadence.Bin, times, values, from, to)
		}
		for k := 0; k < t.n && !t.some; k++ {
			t.some = cells[k] == cells[k]
		}
	}
	return nil
}

// fewCells is up to how many cells a window's numbers are kept twice.
const fewCells = 1 << 16

// decimals takes a column over as it is kept, if its rows are even and whole
// numbers: that it is made of floats and these of it again would change nothing.
func (t *sheet) decimals(m *merged, name string, i int) (done bool, err error) {
	n, places, ok, err := m.decimals(name, i, t.whole[i*t.n:i*t.n:(i+1)*t.n])
	if err != nil || !ok || len(n) != t.n {
		return false, err
	}
	t.places[i] = places
	t.last[i] = series.Last{Time: m.times[t.n-1], Value: float64(n[t.n-1]) / math.Pow10(places), OK: true}
	t.some = true
	if t.unseen > 0 {
		for k := range t.real {
			t.real[k] = true
		}
		t.unseen = 0
	}
	return true, nil
}

// mark notes the labels of the values with from < t <= to.
func (t *sheet) mark(bin func(int64) int64, times []int64, values []float64, from, to int64) {
	for i := 0; i < len(values) && t.unseen > 0; i++ {
		if values[i] == values[i] && from < times[i] && times[i] <= to {
			t.see((bin(times[i]) - t.first) / t.rate)
		}
	}
}

// markEach is mark for one value per label.
func (t *sheet) markEach(values []float64) {
	for i := 0; i < len(values) && t.unseen > 0; i++ {
		if values[i] == values[i] {
			t.see(int64(i))
		}
	}
}

func (t *sheet) see(label int64) {
	if !t.real[label] {
		t.real[label] = true
		t.unseen--
	}
}

// text is where a column's last value stands in the buffer: plants hold still
// more often than not, and copying is cheaper than writing a number again.
type text struct {
	value    float64
	from, to int
}

// write gives the CSV to out in pieces (ruling 3).
func (t *sheet) write(out *spooled) error {
	b := append(out.buf[:0], t.columns.header...)
	t.texts = grow(t.texts, len(t.columns.names))
	forget(t.texts)
	var stamp stamper
	for k := range t.n {
		b = append(b, stamp.at(t.first+int64(k)*t.rate)...)
		for c := range t.texts {
			b = append(b, ',')
			at, last, places := c*t.n+k, &t.texts[c], t.places[c]
			v := 0.0
			if places < 0 {
				v = t.cells[at]
			} else {
				v = float64(t.whole[at])
			}
			from := len(b)
			switch {
			case v == last.value:
				b = append(b, b[last.from:last.to]...)
				continue
			case v != v:
				continue
			case places < 0:
				b = series.AppendFloat(b, v)
			default:
				b = series.AppendDecimal(b, t.whole[at], places)
			}
			*last = text{v, from, len(b)}
		}
		b = append(b, '\n')
		out.hash(b)
		if len(b) > spill {
			if err := out.spill(b); err != nil {
				return err
			}
			b = b[:0]
			forget(t.texts)
		}
	}
	out.buf = b
	return nil
}

func forget(texts []text) {
	for i := range texts {
		texts[i].value = math.NaN()
	}
}

// stamper writes ascending stamps of whole seconds. Within a minute only the
// seconds change.
type stamper struct {
	text   []byte
	minute int64
}

func (s *stamper) at(ns int64) []byte {
	if sec := ns / int64(time.Second); sec/60 == s.minute && ns >= 0 && s.text != nil {
		const at = len("2006-01-02T15:04:")
		s.text[at], s.text[at+1] = byte('0'+sec%60/10), byte('0'+sec%10)
	} else {
		s.text, s.minute = series.AppendStamp(s.text[:0], ns), sec/60
	}
	return s.text
}

// grow gives a slice of n elements, whose content is not defined.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
