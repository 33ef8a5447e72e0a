package detect

import (
	"math"
	"math/rand/v2"
)

// sample keeps blocks of consecutive rows, each of the same chance, from a stream
// whose length is not known (reservoir sampling with a seed).
type sample struct {
	width  int
	blocks [][]float64
	open   []float64 // the block being filled
	seen   int       // blocks met
	random *rand.Rand
}

const (
	sampleBlocks = 512
	sampleRows   = 24 // in a block
)

func newSample(width int, seed uint64) *sample {
	return &sample{width: width, random: rand.New(rand.NewPCG(seed, 0x6d696c6c))}
}

// add takes the next row. fresh: it does not follow the one before.
func (s *sample) add(row []float64, fresh bool) {
	if fresh {
		s.flush()
	}
	s.open = append(s.open, row...)
	if len(s.open) == sampleRows*s.width {
		s.flush()
	}
}

func (s *sample) flush() {
	if len(s.open) == 0 {
		return
	}
	s.seen++
	if len(s.blocks) < sampleBlocks {
		s.blocks = append(s.blocks, s.open)
		s.open = nil
		return
	}
	if at := s.random.IntN(s.seen); at < sampleBlocks {
		s.blocks[at], s.open = s.open, s.blocks[at]
	}
	s.open = s.open[:0]
}

// column gives a sensor's values, block after block.
func (s *sample) column(j int) []float64 {
	v := make([]float64, 0, len(s.blocks)*sampleRows)
	for _, b := range s.blocks {
		for at := j; at < len(b); at += s.width {
			v = append(v, b[at])
		}
	}
	return v
}

// pick keeps only some of the columns.
func (s *sample) pick(columns []int) *sample {
	p := &sample{width: len(columns)}
	for _, b := range s.blocks {
		var rows []float64
		for at := 0; at < len(b); at += s.width {
			for _, j := range columns {
				rows = append(rows, b[at+j])
			}
		}
		p.blocks = append(p.blocks, rows)
	}
	return p
}

// switches is how often, per row, the mode is not that of the row before.
func (s *sample) switches(m Modes) float64 {
	var rows, switched float64
	for _, b := range s.blocks {
		last := -1
		for at := m.Sensor; at < len(b); at += s.width {
			if math.IsNaN(b[at]) {
				continue
			}
			k := m.Of(b[at])
			if last >= 0 {
				rows++
				if k != last {
					switched++
				}
			}
			last = k
		}
	}
	return switched / max(rows, 1)
}
