package series

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
)

// medians keeps the values of the bin in hand for sensors whose median is
// wanted. Beyond limit bytes they go to a scratch file, so that only one
// sensor's values need to be in memory at the end.
type medians struct {
	dir    string // for the scratch file; "": the system's
	limit  int
	values [][]float64 // per sensor
	size   int
	spills [][]extent // per sensor, in the file
	file   *os.File
	end    int64
	err    error
	buf    []byte
	all    []float64
}

type extent struct {
	offset int64
	count  int
}

// add keeps values in any order and returns how many are not NaN. An error of
// the scratch file is told by take.
func (m *medians) add(sensor int, values []float64) int64 {
	for len(m.values) <= sensor {
		m.values = append(m.values, nil)
		m.spills = append(m.spills, nil)
	}
	before := len(m.values[sensor])
	m.values[sensor] = appendValues(m.values[sensor], values)
	n := len(m.values[sensor]) - before
	m.size += 8 * n
	if m.size > m.limit && m.err == nil {
		m.err = m.spill()
	}
	return int64(n)
}

func (m *medians) spill() error {
	if m.file == nil {
		f, err := scratchFile(m.dir)
		if err != nil {
			return err
		}
		m.file = f
	}
	for s, v := range m.values {
		if len(v) == 0 {
			continue
		}
		m.buf = m.buf[:0]
		for _, x := range v {
			m.buf = binary.LittleEndian.AppendUint64(m.buf, math.Float64bits(x))
		}
		if _, err := m.file.WriteAt(m.buf, m.end); err != nil {
			return fmt.Errorf("write scratch file: %w", err)
		}
		m.spills[s] = append(m.spills[s], extent{m.end, len(v)})
		m.end += int64(len(m.buf))
		m.values[s] = v[:0]
	}
	m.size = 0
	return nil
}

// take gives the median of a sensor's values.
func (m *medians) take(sensor int) (float64, error) {
	if m.err != nil {
		return 0, m.err
	}
	if len(m.spills[sensor]) == 0 {
		return medianOf(m.values[sensor]), nil
	}
	m.all = append(m.all[:0], m.values[sensor]...)
	for _, x := range m.spills[sensor] {
		m.buf = append(m.buf[:0], make([]byte, 8*x.count)...)
		if _, err := m.file.ReadAt(m.buf, x.offset); err != nil {
			return 0, fmt.Errorf("read scratch file: %w", err)
		}
		for i := range x.count {
			m.all = append(m.all, math.Float64frombits(binary.LittleEndian.Uint64(m.buf[8*i:])))
		}
	}
	return medianOf(m.all), nil
}

// reset makes ready for the next bin.
func (m *medians) reset() error {
	for s := range m.values {
		m.values[s], m.spills[s] = m.values[s][:0], m.spills[s][:0]
	}
	m.size, m.end = 0, 0
	return m.err
}

func (m *medians) close() error {
	if m.file == nil {
		return nil
	}
	f := m.file
	m.file = nil
	return f.Close()
}
