package series

// Memory is what a Reader reads into. Readers made one after another may share
// it, each when the one before is closed: small files are read in less time
// than fresh memory for them takes to clear.
type Memory struct {
	text         []byte
	values       []float64
	guess        []uint8
	times, lines []int64
}

// keptText bounds the text that is kept from one Reader to the next; a row of
// a megabyte is rare.
const keptText = bufferSize + bufferPad

// head is room for the beginning of a file.
func (m *Memory) head() []byte {
	if m == nil || len(m.text) < headSize+bufferPad {
		return make([]byte, headSize+bufferPad)
	}
	return m.text
}

// keep takes a closed Reader's text.
func (m *Memory) keep(text []byte) {
	if m != nil && len(text) > len(m.text) && len(text) <= keptText {
		m.text = text
	}
}

// rows is room for a batch; its content is not cleared but for guess.
func (m *Memory) rows(values, columns, rows int) ([]float64, []uint8, []int64, []int64) {
	if m == nil {
		m = &Memory{}
	}
	m.values, m.guess = room(m.values, values), room(m.guess, columns)
	m.times, m.lines = room(m.times, rows), room(m.lines, rows)
	clear(m.guess)
	return m.values, m.guess, m.times, m.lines
}

func room[T any](b []T, n int) []T {
	if cap(b) < n {
		return make([]T, n)
	}
	return b[:n]
}
