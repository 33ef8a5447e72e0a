package series

import (
	"math"
	"unsafe"
)

// plain reads rows of the wide layout that have nothing unusual about them,
// until the batch is full, the whole lines in the buffer end, or a row is not
// plain: it then stands at that row.
func (r *Reader) plain() {
	if r.dialect.Layout == Long {
		return
	}
	p, n, last := r.pos, r.n, r.last
	rows := 0
	for n < r.full && p < r.end {
		saved := r.row
		q := p
		if r.before > 0 {
			if q = r.plainCells(q, 0, r.before, n, false); q < 0 {
				r.drop(saved)
				break
			}
		}
		ns, at := r.stampAt(q)
		if at < 0 {
			r.drop(saved)
			break
		}
		if q = r.plainCells(at+1, r.before, len(r.columns), n, true); q < 0 || q-p > r.limit {
			// The general way knows what is too long.
			r.drop(saved)
			break
		}
		r.times[n] = ns
		r.lines[n] = r.line + 1
		if ns <= last {
			r.sorted = false
			if ns < last {
				r.disorder++
			}
		}
		last = ns
		n++
		rows++
		r.line++
		p = q
		if len(r.pending) > 0 {
			r.flush()
		}
	}
	r.pos, r.n, r.last = p, n, last
	r.used += int64(rows)
	r.rows += int64(rows)
}

// drop forgets what was counted in a row that the general path will read.
func (r *Reader) drop(saved tally) {
	r.row = saved
	r.pending = r.pending[:0]
}

// stampAt reads the stamp at p, in quotes or not, and returns the index of the
// delimiter behind it, -1 when the row must go the general way.
func (r *Reader) stampAt(p int) (ns int64, end int) {
	if r.buf[p] != '"' {
		if ns, end = r.stamps.fast.next(r.buf, p, r.delim); end < 0 {
			ns, end = r.plainStamp(p, r.delim, r.dialect.span())
		}
		return ns, end
	}
	if r.dialect.span() > 1 {
		return 0, -1
	}
	if ns, end = r.stamps.fast.next(r.buf, p+1, '"'); end < 0 {
		ns, end = r.plainStamp(p+1, '"', 1)
	}
	if end >= 0 {
		if end++; r.buf[end] != r.delim {
			return 0, -1
		}
	}
	return ns, end
}

// plainStamp reads a stamp that the cached prefix does not fit, up to the
// left-th of the bytes that end it.
func (r *Reader) plainStamp(p int, ends byte, left int) (ns int64, end int) {
	for end = p; ; end++ {
		c := r.buf[end]
		if c == ends {
			if left--; left == 0 {
				break
			}
		}
		if c == '\n' || c == '"' {
			return 0, -1
		}
	}
	s := r.stamps.readRow(r.buf[p:end])
	if s.state != stampOK {
		return 0, -1
	}
	return s.ns, end
}

// plainCells reads the cells of columns [from, to) at p into a row of the
// batch and returns the index behind them, -1 when the row must go the general
// way. ends tells that the last of them ends the row. A number is read eight
// digits at a time, before it is known where it ends; whatever does not look
// like the plainest of numbers is left to oddCell.
//
// Where the next cell begins is guessed: cells are mostly as long as in the row
// before. The guess is checked by a branch, so that the processor goes on with
// the next cell instead of waiting for the end of this one.
//
// Reading stays in bounds because p only ever moves over digits, marks, signs
// and delimiters, never over the newline that ends the row, and bufferPad bytes
// can be read behind the last newline. Writing stays in bounds because column
// and row are checked against values and guess at the beginning.
func (r *Reader) plainCells(p, from, to, row int, ends bool) int {
	stride := r.stride
	if from >= to || row >= stride || to*stride > len(r.values) || to > len(r.guess) || p >= r.end {
		return -1
	}
	var (
		b     = textAt(r.buf)
		out   = unsafe.Pointer(unsafe.SliceData(r.values))
		guess = textAt(r.guess)
		at    = from*stride + row
		delim = r.delim
		mark  = r.mark
	)
	for c := from; c < to; c++ {
		start := p
		w := loadAt(b, p)
		var sign uint64
		if byte(w) == '-' {
			sign = 1 << 63
			p++
			w = loadAt(b, p)
		}
		var (
			f    float64
			m    uint64
			t    = w ^ swarZeros
			n    = swarCount(t)
			end  = byteAt(b, p+n)
			last = start + int(byteAt(guess, c))
		)
		if n == 0 {
			goto odd
		}
		p += n
		if end == mark {
			u := loadAt(b, p+1) ^ swarZeros
			k := swarCount(u)
			if k == 0 {
				goto odd
			}
			if n+k <= 8 { // the digits on both sides of the mark as one number
				m = swarEight(t<<(uint(-8*n)&63)>>(uint(8*k)&63) | u<<(uint(-8*k)&63))
			} else if n+k <= 15 {
				m = swarValue(t, n)*pow10int[k&15] + swarValue(u, k)
			} else {
				goto odd
			}
			f = float64(int64(m)) / pow10[k&15]
			p += 1 + k
			end = byteAt(b, p)
		} else {
			f = float64(int64(swarValue(t, n)))
		}
		*floatAt(out, at) = math.Float64frombits(math.Float64bits(f) | sign)
		if end == delim {
			if p != last {
				r.guess[c] = uint8(p - start)
				last = p
			}
			p = last + 1
			at += stride
			continue
		}
		if end != '\n' && end != '\r' {
			goto odd
		}
	ended:
		if end == '\r' {
			if byteAt(b, p+1) != '\n' {
				goto odd
			}
			p++
		}
		if !ends {
			return -1 // the row ends before its stamp
		}
		for c++; c < to; c++ { // a short row
			at += stride
			r.values[at] = void()
			r.row.empty++
		}
		return p + 1
	odd:
		if p = r.oddCell(start, c, at); p < 0 {
			return -1
		}
		if end = byteAt(b, p); end != delim {
			goto ended
		}
		p++
		at += stride
	}
	if ends {
		return -1 // more cells than columns
	}
	return p
}

// pow10int are the powers of ten as integers.
var pow10int = [16]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
