package moments

import (
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"

	"millwright/inference/detect/crew"
)

// chunk is how many rows are worked off together. The last digits of sums depend on it.
const chunk = 512

// Floor is where Gatherers have their work done: a crew, scratch space for each hand,
// and chunks that are not in use.
type Floor struct {
	crew  *crew.Crew
	hands []products
	free  chan *rows
}

// NewFloor makes a Floor with a crew.
func NewFloor(c *crew.Crew) *Floor {
	return &Floor{c, make([]products, c.Size()), make(chan *rows, 2*c.Size()+1)}
}

// Gatherer adds vectors to Moments. A vector is a row and the rows before it, the
// newest first. Vectors mostly come one row after another, so the products of the rows
// i and j back are those of the rows 0 and j-i back, shifted. Only the latter are
// summed up, and what differs at the two ends of a run of vectors:
//
//	S(i,j) = S(i-1,j-1) + h(i) h(j)ᵀ - t(i) t(j)ᵀ
//
// where h(i) is the row i before a run's first row, and t(i) the row i-1 before its
// last. Rows are taken relative to a centre, to keep the digits that a mean far from
// zero would cost.
type Gatherer struct {
	floor  *Floor
	to     *Moments // sums before Close, moments after it
	center []float64
	lags   int
	open   *rows
	next   []float64 // the newest vector, centred
	last   []float64 // the one before it
	begun  bool      // there is one
}

// rows is a chunk of rows, among them those that are there as lags of others only.
type rows struct {
	columns []float64   // entry by row
	counts  [chunk]bool // false: a lag only
	n       int
	edges   []edge // of runs that begin or end here
}

// edge is a run's h(1), h(2), h(3) with the sign 1, or t(1), t(2), t(3) with -1.
type edge struct {
	sign float64
	rows []float64
}

// Gather makes a Gatherer for the empty m, which is not to be read before Close. A row
// has as many entries as center.
func (f *Floor) Gather(m *Moments, center []float64) *Gatherer {
	p := len(m.Mean)
	return &Gatherer{floor: f, to: m, center: center, lags: p/len(center) - 1, next: make([]float64, p), last: make([]float64, p)}
}

// Add takes a copy of a vector. follows: it is one row on from the vector before.
func (g *Gatherer) Add(vector []float64, follows bool) {
	d := len(g.center)
	g.next, g.last = g.last, g.next
	for at := 0; at < len(vector); at += d {
		floats.SubTo(g.next[at:at+d], vector[at:at+d], g.center)
	}
	follows = follows && g.begun
	if !follows {
		g.end(g.last)
		g.begun = true
	}
	if g.open == nil || !follows || g.open.n == chunk {
		g.room()
		for k := g.lags; k > 0; k-- {
			g.open.push(g.next[k*d:(k+1)*d], false)
		}
	}
	if !follows && g.lags > 0 {
		g.open.edges = append(g.open.edges, edge{1, append([]float64(nil), g.next[d:]...)})
	}
	g.open.push(g.next[:d], true)
}

// end closes the run whose last vector is given.
func (g *Gatherer) end(last []float64) {
	if g.begun && g.lags > 0 {
		g.open.edges = append(g.open.edges, edge{-1, append([]float64(nil), last[:g.lags*len(g.center)]...)})
	}
	g.begun = false
}

// room makes room for a row and its lags.
func (g *Gatherer) room() {
	if g.open != nil && g.open.n+g.lags < chunk {
		return
	}
	g.send()
	select {
	case g.open = <-g.floor.free:
	default:
		g.open = &rows{}
	}
	if need := len(g.center) * chunk; len(g.open.columns) != need {
		g.open.columns = make([]float64, need)
	}
}

func (r *rows) push(row []float64, counts bool) {
	for j, v := range row {
		r.columns[j*chunk+r.n] = v
	}
	r.counts[r.n] = counts
	r.n++
}

// send has the open chunk worked off.
func (g *Gatherer) send() {
	if g.open == nil {
		return
	}
	r := g.open
	g.open = nil
	g.floor.crew.Do(
		func(hand int) { g.floor.hands[hand].of(r, len(g.center), g.lags) },
		func(hand int) {
			g.place(&g.floor.hands[hand], r.edges)
			*r = rows{columns: r.columns}
			select {
			case g.floor.free <- r:
			default:
			}
		})
}

// place adds the sums of a chunk and its edges.
func (g *Gatherer) place(s *products, edges []edge) {
	d := len(g.center)
	g.to.N += s.n
	floats.Add(g.to.Mean[:d], s.sums)
	floats.Add(g.to.Scatter[:len(s.squares)], s.squares)
	for _, e := range edges {
		floats.AddScaled(g.to.Mean[d:], e.sign, e.rows)
		g.to.rank1(e.sign, e.rows, d)
	}
}

// Close waits for the crew and makes moments of the sums.
func (g *Gatherer) Close() {
	g.end(g.next)
	g.send()
	g.floor.crew.Wait()
	m, d := g.to, len(g.center)
	p := len(m.Mean)
	for i := d; i < p; i++ {
		m.Mean[i] += m.Mean[i-d]
		floats.Add(m.Row(i), m.Row(i - d)[:p-i])
	}
	if m.N == 0 {
		return
	}
	m.rank1(-1/m.N, m.Mean, 0)
	for i := range m.Mean {
		m.Mean[i] = m.Mean[i]/m.N + g.center[i%d]
	}
}

// products are the sums over a chunk's rows of their entries, and of their products
// with the entries of the row itself and its lags: the first rows of a triangle.
type products struct {
	n             float64
	sums, squares []float64
	own           []float64 // the entries of rows that count, else 0
}

// group is how many entries are multiplied at a time with all others, so that theirs
// stay in the processor's nearest cache.
const group = 8

func (s *products) of(r *rows, d, lags int) {
	p := (lags + 1) * d
	if len(s.sums) != d || len(s.squares) != d*p-d*(d-1)/2 {
		s.sums, s.squares, s.own = make([]float64, d), make([]float64, d*p-d*(d-1)/2), make([]float64, group*chunk)
	}
	s.n = 0
	for _, counts := range r.counts[:r.n] {
		if counts {
			s.n++
		}
	}
	n := r.n - lags
	for from := 0; from < d; from += group {
		to := min(from+group, d)
		for i := from; i < to; i++ {
			s.sums[i] = s.pick(i-from, r, i, lags)
		}
		for j := from; j < d*(lags+1); j++ {
			back := j / d
			other := blas64.Vector{N: n, Inc: 1, Data: r.columns[j%d*chunk+lags-back:]}
			for i := from; i < min(to, j+1); i++ {
				own := blas64.Vector{N: n, Inc: 1, Data: s.own[(i-from)*chunk:]}
				s.squares[i*p-i*(i-1)/2+j-i] = blas64.Dot(own, other)
			}
		}
	}
}

// pick copies an entry's column without the rows that do not count, and gives its sum.
func (s *products) pick(at int, r *rows, i, lags int) float64 {
	own := s.own[at*chunk : at*chunk+r.n-lags]
	for k, v := range r.columns[i*chunk+lags : i*chunk+r.n] {
		if own[k] = 0; r.counts[lags+k] {
			own[k] = v
		}
	}
	return floats.Sum(own)
}
