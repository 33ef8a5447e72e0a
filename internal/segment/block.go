package segment

import "fmt"

// Block is one component's rows of one slot and one drop: its Ref, without drop
// and tails, and its sections, of which one column at a time can be read.
type Block struct {
	Ref
	file     *File
	sections []section
	buf      []byte
}

// Section is one Group of a block on disk: the times and lines of its rows, in
// the drop's order, and a column of values per sensor.
type Section struct {
	Rows    int
	Sensors []string // names; not to be changed
	block   *Block
	section *section
}

// Groups lists the sections of the block. A sensor stands in one of them only.
func (b *Block) Groups() []Section {
	s := make([]Section, len(b.sections))
	for i := range b.sections {
		s[i] = Section{Rows: b.sections[i].rows, Sensors: b.sections[i].sensors, block: b, section: &b.sections[i]}
	}
	return s
}

// Times appends the timestamps of the rows (Unix ns) to dst.
func (s Section) Times(dst []int64) ([]int64, error) { return s.ints(dst, s.section.times, "times") }

// Lines appends the line of each row in the drop to dst.
func (s Section) Lines(dst []int64) ([]int64, error) { return s.ints(dst, s.section.lines, "lines") }

// Column appends the values of sensor i to dst, NaN for a missing one.
func (s Section) Column(i int, dst []float64) ([]float64, error) {
	if i < 0 || i >= len(s.Sensors) {
		return dst, fmt.Errorf("read block of %s at byte %d of %s: it has %d sensors, not %d",
			s.block.Component, s.block.Offset, s.block.File, len(s.Sensors), i+1)
	}
	b, err := s.block.chunk(s.section.chunks[i], s.Sensors[i])
	if err != nil {
		return dst, err
	}
	return decodeColumn(dst, b, s.section.columns[i], s.Rows), nil
}

// Decimals is Column for a sensor whose values are kept as whole numbers n, of
// n / 10^places, and of which none is missing; for others ok is false.
func (s Section) Decimals(i int, dst []int32) (n []int32, places int, ok bool, err error) {
	if i < 0 || i >= len(s.Sensors) || !s.section.columns[i].encoding.decimal() {
		return dst, 0, false, nil
	}
	b, err := s.block.chunk(s.section.chunks[i], s.Sensors[i])
	if err != nil {
		return dst, 0, false, err
	}
	n, ok = decodeWhole(dst, b, s.section.columns[i].encoding)
	return n, int(s.section.columns[i].exponent), ok, nil
}

func (s Section) ints(dst []int64, c chunk, what string) ([]int64, error) {
	b, err := s.block.chunk(c, what)
	if err != nil {
		return dst, err
	}
	dst, err = decodeInts(dst, b, s.Rows)
	if err != nil {
		return dst, s.block.wrap(what, err)
	}
	return dst, nil
}

// chunk reads and checks a chunk; it is valid until the next call.
func (b *Block) chunk(c chunk, what string) ([]byte, error) {
	buf, err := b.file.read(b.buf, c.offset, c.length)
	if err != nil {
		return nil, b.wrap(what, err)
	}
	if b.file.near == nil {
		b.buf = buf
	}
	if checksum(buf) != c.sum {
		return nil, b.wrap(what, damaged("checksum"))
	}
	return buf, nil
}

func (b *Block) wrap(what string, err error) error {
	return fmt.Errorf("read %s of the block of %s at byte %d of %s: %w", what, b.Component, b.Offset, b.File, err)
}
