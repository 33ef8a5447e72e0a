package segment

import (
	"encoding/binary"
	"math"
	"slices"
)

// chunk is a piece of a block's body with its own checksum.
type chunk struct {
	offset, length int64 // of the file
	sum            uint32
}

// head is what a block's head says. Offsets follow from the lengths.
type head struct {
	component    string
	slot         int64
	rows, values int64
	first, last  int64
	sections     []section
}

type section struct {
	rows         int
	ascending    bool // its times, while it is written
	times, lines chunk
	sensors      []string
	columns      []column
	chunks       []chunk
	tails        []Tail // beside sensors; without a name where there is no value
}

const (
	minSection = 12 // bytes of a head that a section needs at least
	minSensor  = 8
)

func appendHead(b []byte, h *head) []byte {
	b = appendString(b, h.component)
	for _, v := range [...]int64{h.slot, h.rows, h.values, h.first, h.last} {
		b = binary.AppendVarint(b, v)
	}
	b = binary.AppendUvarint(b, uint64(len(h.sections)))
	for i := range h.sections {
		s := &h.sections[i]
		b = binary.AppendUvarint(b, uint64(s.rows))
		for _, c := range [...]chunk{s.times, s.lines} {
			b = binary.AppendUvarint(b, uint64(c.length))
			b = binary.LittleEndian.AppendUint32(b, c.sum)
		}
		b = binary.AppendUvarint(b, uint64(len(s.sensors)))
		for j, name := range s.sensors {
			b = appendString(b, name)
			b = append(b, byte(s.columns[j].encoding), s.columns[j].exponent)
			b = binary.LittleEndian.AppendUint32(b, s.chunks[j].sum)
			if s.tails[j].Sensor == "" {
				b = append(b, 0)
				continue
			}
			b = append(b, 1)
			b = binary.LittleEndian.AppendUint64(b, uint64(s.tails[j].Time))
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.tails[j].Value))
		}
	}
	return b
}

// parseHead decodes the head of a block whose body takes [at, at+length) of the
// file. names keeps one copy of each name across blocks.
func parseHead(b []byte, at, length int64, names map[string]string) (*head, error) {
	p := parser{b: b, names: names}
	if names == nil {
		p.text = string(b) // which all names are parts of
	}
	h := &head{component: p.string()}
	for _, v := range [...]*int64{&h.slot, &h.rows, &h.values, &h.first, &h.last} {
		*v = p.varint()
	}
	end := at + length
	next := func(n int64, sum uint32) chunk {
		c := chunk{at, n, sum}
		if n < 0 || n > end-at {
			p.bad, n = true, 0
		}
		at += n
		return c
	}
	for range p.count(minSection) {
		s := section{}
		rows := p.varuint()
		s.times = next(p.varuint(), p.uint32())
		s.lines = next(p.varuint(), p.uint32())
		if rows > s.times.length || rows > s.lines.length { // a row has a byte in each
			p.bad = true
		}
		n := p.count(minSensor)
		if p.bad {
			break
		}
		s.rows = int(rows)
		s.sensors, s.columns, s.chunks, s.tails = make([]string, 0, n), make([]column, 0, n), make([]chunk, 0, n), make([]Tail, n)
		for j := range n {
			name := p.string()
			c := column{encoding(p.byte()), p.byte()}
			if c.encoding > encStep24 || c.exponent > maxExponent || rows == 0 {
				p.bad = true
			}
			s.sensors, s.columns = append(s.sensors, name), append(s.columns, c)
			s.chunks = append(s.chunks, next(c.encoding.length(rows), p.uint32()))
			if p.byte() != 0 {
				s.tails[j] = Tail{name, int64(p.uint64()), math.Float64frombits(p.uint64())}
			}
		}
		h.sections = append(h.sections, s)
	}
	if p.bad || len(p.b) != 0 || at != end {
		return nil, damaged("the head of a block does not fit its body")
	}
	return h, nil
}

// begin empties the head for a block; what it took is used again.
func (h *head) begin(component string, slot int64) {
	*h = head{component: component, slot: slot, first: math.MaxInt64, last: math.MinInt64, sections: h.sections[:0]}
}

// section adds a section that will hold the columns of sensors at times.
func (h *head) section(times []int64, sensors []string) *section {
	n, at := len(sensors), len(h.sections)
	if h.sections = slices.Grow(h.sections, 1)[:at+1]; cap(h.sections[at].tails) < n {
		h.sections[at] = section{columns: make([]column, n), chunks: make([]chunk, n), tails: make([]Tail, n)}
	}
	old := h.sections[at]
	s := section{rows: len(times), ascending: true, sensors: sensors, columns: old.columns[:n], chunks: old.chunks[:n], tails: old.tails[:n]}
	clear(s.tails)
	for i, t := range times {
		h.first, h.last = min(h.first, t), max(h.last, t)
		s.ascending = s.ascending && (i == 0 || t > times[i-1])
	}
	h.rows += int64(len(times))
	h.sections[at] = s
	return &h.sections[at]
}

// column notes what is to be known of the values of the section's sensor i.
func (h *head) column(s *section, i int, times []int64, values []float64) {
	for _, v := range values {
		if v == v {
			h.values++
		}
	}
	if row := tail(times, values, s.ascending); row >= 0 {
		s.tails[i] = Tail{s.sensors[i], times[row], values[row]}
	}
}

// tail finds the row with the latest value, among equal times the first line's;
// -1 for none.
func tail(times []int64, values []float64, ascending bool) int {
	best := -1
	for i := len(times) - 1; i >= 0; i-- {
		if values[i] != values[i] {
			continue
		}
		if ascending {
			return i
		}
		if best < 0 || times[i] >= times[best] {
			best = i
		}
	}
	return best
}

// tails gives the latest value of each sensor that has one.
func tails(sections []section) []Tail {
	n := 0
	for _, s := range sections {
		n += len(s.tails)
	}
	all := make([]Tail, 0, n)
	for _, s := range sections {
		for _, t := range s.tails {
			if t.Sensor != "" {
				all = append(all, t)
			}
		}
	}
	return all
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// parser takes values off the front of b; bad stays set once something is missing.
type parser struct {
	b     []byte
	bad   bool
	names map[string]string
	text  string // all that there was to parse, or ""
}

func (p *parser) take(n int) []byte {
	if p.bad || n < 0 || n > len(p.b) {
		p.bad = true
		return make([]byte, 8)
	}
	v := p.b[:n]
	p.b = p.b[n:]
	return v
}

func (p *parser) byte() byte     { return p.take(1)[0] }
func (p *parser) uint32() uint32 { return binary.LittleEndian.Uint32(p.take(4)) }
func (p *parser) uint64() uint64 { return binary.LittleEndian.Uint64(p.take(8)) }

func (p *parser) varint() int64 {
	v, n := binary.Varint(p.b)
	if p.take(n); n <= 0 {
		p.bad = true
	}
	return v
}

func (p *parser) varuint() int64 {
	v, n := binary.Uvarint(p.b)
	if p.take(n); n <= 0 || v > math.MaxInt64 {
		p.bad = true
		return 0
	}
	return int64(v)
}

// count reads a number of things of which each needs at least size bytes more.
func (p *parser) count(size int) int {
	n := p.varuint()
	if n > int64(len(p.b)/size) {
		p.bad = true
	}
	if p.bad {
		return 0
	}
	return int(n)
}

func (p *parser) string() string {
	n := p.varuint()
	if n > int64(len(p.b)) {
		p.bad = true
	}
	if p.bad {
		return ""
	}
	b := p.take(int(n))
	if p.text != "" {
		end := len(p.text) - len(p.b)
		return p.text[end-len(b) : end]
	}
	if s, ok := p.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if p.names != nil {
		p.names[s] = s
	}
	return s
}
