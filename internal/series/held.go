package series

// maxHeld bounds the text of rows that are held, in bytes.
const maxHeld = 8 << 20

// heldRows are rows of a repeated hour whose pass is not known yet.
type heldRows struct {
	text  []byte
	rows  []heldRow
	next  int     // the next to be given
	given verdict // 0: not known yet
	turn  int     // the first row of the other pass, where given says that there are two
}

type heldRow struct {
	end  int // in text
	line int64
}

// add keeps a copy of a row; false: no more rows should be held.
func (h *heldRows) add(row []byte, line int64) bool {
	h.text = append(h.text, row...)
	h.rows = append(h.rows, heldRow{end: len(h.text), line: line})
	return len(h.text) < maxHeld
}

// settle decides the rows; they are given by Reader.replay.
func (h *heldRows) settle(v verdict) { h.given = v }

func (h *heldRows) settled() bool { return h.given != 0 }

// verdict is that of row i.
func (h *heldRows) verdict(i int) verdict {
	switch {
	case h.given == turned12 && i < h.turn, h.given == turned21 && i >= h.turn:
		return inFirst
	case h.given == turned12, h.given == turned21:
		return inSecond
	}
	return h.given
}

// replay gives rows that were held, as many as the batch takes.
func (r *Reader) replay() {
	h := &r.held
	for h.next < len(h.rows) && r.n < r.full {
		from := 0
		if h.next > 0 {
			from = h.rows[h.next-1].end
		}
		row, v := h.rows[h.next], h.verdict(h.next)
		h.next++
		r.take(h.text[from:row.end], row.line, v)
	}
	if h.next < len(h.rows) {
		return
	}
	if cap(h.text) > maxHeld/8 {
		*h = heldRows{}
		return
	}
	*h = heldRows{text: h.text[:0], rows: h.rows[:0]}
}
