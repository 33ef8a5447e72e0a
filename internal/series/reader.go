package series

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Reader reads a CSV of timestamps and numbers, batch by batch. Its memory
// does not grow with the file. It is not for use by several goroutines.
type Reader struct {
	set     settings
	dialect Dialect
	buffer
	gz      *gunzip
	stamps  *stamper
	passes  passes
	held    heldRows
	faults  faultLog
	err     error // what the next Next returns
	careful bool  // leave out the fast path; tests compare the two

	delim, mark byte   // mark is the decimal mark in unquoted cells, 0 when it is the delimiter
	head        []byte // the line of names, to know it again
	names       []string
	columns     []column // of the file, without the stamp
	text, blank []int    // indices into columns: text so far, neither name nor data so far
	before      int      // columns that stand before the stamp

	batch   Batch
	cells   [][]byte // of the row in hand
	values  []float64
	guess   []uint8 // length of each column's last plain cell
	stride  int
	n, full int // rows in the batch, and how many fit
	times   []int64
	lines   []int64
	sensor  []int32
	sorted  bool

	tags    map[string]int32
	tagLast []int64 // long layout: last stamp per tag, Unix ns
	lastTag []byte
	lastIdx int32

	row     tally // cells of used rows that hold no number
	pending []cellFault
	used    int64 // rows given in batches, this one included
	rows    int64 // data rows met, used or not
	last    int64 // last stamp, Unix ns
	disorder, skipped,
	given int64 // given: rows of earlier batches
	first, newest int64
}

// column is a column of values.
type column struct {
	index int // in the file
	name  string
}

// tally counts cells that hold no number.
type tally struct{ empty, marked, text, bad, untrusted int64 }

// cellFault is a bad cell of the row in hand; it counts when the row is used.
type cellFault struct {
	column string
	text   []byte
	line   int64
}

// NewReader finds out how the text of r is written and stands before its first
// row. Errors are of type *HopelessError when no row can be used.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	set, err := newSettings(o)
	if err != nil {
		return nil, err
	}
	if o.Resume != nil {
		return resumeReader(r, set)
	}
	src, err := openSource(r, &set)
	if err != nil {
		return nil, err
	}
	s := sniffer{set: &set, head: src.head, whole: src.whole, enc: src.enc}
	if set.WholeLines && src.whole {
		s.head = src.head[:bytes.LastIndexByte(src.head, '\n')+1]
	}
	d, start, err := s.find()
	if err != nil {
		return nil, err
	}
	d.BOM, d.Gzip = src.bom > 0, src.gzip != nil
	if src.cr {
		d.LineEnd = "cr"
	}
	rd, err := newReader(set, d, src, int64(src.bom), 0)
	if err != nil {
		return nil, err
	}
	rd.pos, rd.line = start, d.Data-1
	rd.head = headLine(src.head, d)
	return rd, nil
}

func resumeReader(r io.Reader, set settings) (*Reader, error) {
	d := set.Resume.Dialect
	if d.Gzip || d.Encoding != encUTF8 && d.Encoding != enc1252 {
		return nil, fmt.Errorf("read on in a %s file: begin again at its first byte", d.Encoding)
	}
	src, err := resumeSource(r, &set, d)
	if err != nil {
		return nil, err
	}
	return newReader(set, d, src, set.Resume.Offset, set.Resume.Line)
}

func newReader(set settings, d Dialect, src *source, base, line int64) (*Reader, error) {
	r, err := plainReader(set, d)
	if err != nil {
		return nil, err
	}
	return r, r.start(src, base, line)
}

// plainReader is a Reader without a text.
func plainReader(set settings, d Dialect) (*Reader, error) {
	r := &Reader{set: set, dialect: d, last: noStamp}
	var err error
	if r.delim, err = delimiterByte(d.Delimiter); err != nil || r.delim == 0 || len(d.Decimal) != 1 {
		return nil, fmt.Errorf("read on: the dialect kept is damaged (delimiter %q, decimal %q); begin again at the first byte", d.Delimiter, d.Decimal)
	}
	if r.mark = d.Decimal[0]; r.mark == r.delim {
		r.mark = 0
	}
	var between byte
	if d.span() == 2 {
		between = r.delim
	}
	if r.stamps, err = newStamper(d.Format, d.Strict, between, set.Zone); err != nil {
		return nil, err
	}
	if d.Layout != Long {
		r.setWide()
	}
	return r, nil
}

// start gives a Reader its text.
func (r *Reader) start(src *source, base, line int64) error {
	r.gz = src.gzip
	r.buffer = *newBuffer(src, base, line, r.set.MaxRow)
	r.whole = r.set.WholeLines
	encoding := r.dialect.Encoding
	r.faults = faultLog{on: r.set.OnFault, text: func(b []byte) string { return decodeText(b, encoding) }}
	r.passes = passes{lastStamp: noRow, modTime: r.set.ModTime}
	if r.set.LastStamp != 0 {
		r.passes.lastStamp = floorSecond(r.set.LastStamp)
	}
	if r.dialect.Layout == Long {
		return r.setLong()
	}
	r.allocate(len(r.columns))
	return nil
}

func (r *Reader) setWide() {
	d := &r.dialect
	var index []int
	for c := range d.Columns {
		if c < d.Stamp || c >= d.Stamp+d.span() {
			index = append(index, c)
		}
	}
	named := slices.DeleteFunc(slices.Clone(index), func(c int) bool { return slices.Contains(d.Unnamed, c) })
	r.names = columnNames(d.Columns, named)
	for i, c := range index {
		col := column{index: c, name: markName(d.Columns[c], c)}
		if k := slices.Index(named, c); k >= 0 {
			col.name = r.names[k]
		} else {
			r.blank = append(r.blank, i)
		}
		if slices.Contains(d.Text, c) {
			r.text = append(r.text, i)
		}
		if c < d.Stamp {
			r.before++
		}
		r.columns = append(r.columns, col)
	}
	for i := range index {
		if !slices.Contains(r.blank, i) {
			r.batch.Columns = append(r.batch.Columns, nil)
		}
	}
}

// allocate makes room for a batch of m columns that stays in the processor's
// cache. The stride is no power of two: else the same row of every column
// would fall into the same few lines of the cache.
func (r *Reader) allocate(m int) {
	r.full = min(max(16384/max(m, 1), 16), 512)
	if r.eof { // a small file needs less
		r.full = min(r.full, max(16, bytes.Count(r.buf[r.pos:r.have], []byte("\n"))+1))
	}
	r.stride = r.full + 8
	r.values, r.guess, r.times, r.lines = r.set.Memory.rows(m*r.stride, m, r.full)
}

// Dialect is how the file is written.
func (r *Reader) Dialect() Dialect { return r.dialect }

// Names are the sensors as the file calls them, one for each of
// Batch.Columns; in the long layout the tags met so far. A name that is empty
// or stands more than once is shown as "name (column 3)"; see MapNames.
func (r *Reader) Names() []string { return r.names }

// Resumable tells whether reading can go on from Consumed when the file grew.
func (r *Reader) Resumable() bool {
	return r.gz == nil && (r.dialect.Encoding == encUTF8 || r.dialect.Encoding == enc1252)
}

// Consumed is how far the file was taken as whole lines: the next byte, and
// the lines before it. A last line without newline is not in it, even when it
// was read. Only for files that are Resumable.
func (r *Reader) Consumed() (offset, line int64) {
	if offset, line = r.consumed(); line == 0 {
		return 0, 0 // a byte order mark alone is no line
	}
	return offset, line
}

// Close ends reading; it does not close the io.Reader. It may be called twice.
func (r *Reader) Close() error {
	if r.err == nil {
		r.err = errors.New("read rows: the reader is closed")
	}
	r.set.Memory.keep(r.buf)
	r.set.Memory = nil
	return nil
}

// Next gives the next rows, io.EOF at the end, and a *HopelessError there when
// the file has rows but none could be used. What it gives is valid until the
// next call.
func (r *Reader) Next() (*Batch, error) {
	r.begin()
	for r.err == nil && r.n < r.full {
		switch {
		case r.held.settled():
			r.replay()
		case r.pos < r.end:
			if !r.careful && !r.passes.holding() {
				r.plain()
			}
			if r.n < r.full && r.pos < r.end {
				r.general()
			}
		default:
			r.fill()
		}
	}
	if r.n > 0 {
		return r.finish(), nil
	}
	return nil, r.err
}

// fill reads on; at the end it settles what is held and sets r.err.
func (r *Reader) fill() {
	err := r.more()
	switch {
	case err == nil:
	case errors.Is(err, errLongRow):
		r.longRow()
	case errors.Is(err, io.EOF):
		if r.passes.holding() {
			r.held.settle(r.passes.finish(noRow))
			return
		}
		r.err = r.ended()
	case errors.Is(err, errTooLarge):
		r.err = tooLarge(r.set.MaxBytes)
	default:
		r.err = fmt.Errorf("read line %d: %w", r.line+1, err)
	}
}

// longRow counts a line beyond the limit and leaves it.
func (r *Reader) longRow() {
	r.rows++
	r.faults.add(BadRow, r.line+1, "", r.buf[r.pos:r.have], fmt.Sprintf("the line has more than %d bytes; correct it, or raise limits.row", r.limit))
	if err := r.skip(); err != nil {
		r.err = fmt.Errorf("read line %d: %w", r.line+1, err)
	}
}

// ended is the error at the end of the file.
func (r *Reader) ended() error {
	if r.gz != nil && r.gz.damage != "" && r.end < r.have {
		r.rows++
		r.faults.add(BadRow, r.line+1, "", r.buf[r.end:r.have], "the line is cut: "+r.gz.damage)
		r.end = r.have
		r.pos = r.have
	}
	if r.used > 0 || r.rows == 0 || r.set.Resume != nil || r.faults.bad[Ambiguous] > 0 {
		return io.EOF
	}
	f := r.faults.first[0]
	return &HopelessError{Reason: "none of the rows can be used: " + f.Reason, Line: f.Line, Text: f.Text}
}

// Report is what was met up to now.
func (r *Reader) Report() Report {
	rep := Report{
		Rows: r.rows, Used: r.used, Empty: r.row.empty, Marked: r.row.marked, Text: r.row.text, Untrusted: r.row.untrusted,
		Bad: map[FaultKind]int64{}, Faults: slices.Clone(r.faults.first), OutOfOrder: r.disorder, Skipped: r.skipped,
		Warnings: slices.Clone(r.dialect.Warnings),
	}
	for k, n := range r.faults.bad {
		rep.Bad[k] = n
	}
	cells := r.used * int64(len(r.columns))
	if r.dialect.Layout == Long {
		cells = r.used
	}
	rep.Values = cells - r.row.empty - r.row.marked - r.row.text - r.row.bad - r.row.untrusted
	if r.given > 0 {
		rep.First, rep.Last = r.first, r.newest
	}
	for _, i := range r.text {
		rep.TextColumns = append(rep.TextColumns, r.columns[i].name)
	}
	if r.gz != nil {
		rep.Damage = r.gz.damage
		if r.gz.note != "" {
			rep.Warnings = append(rep.Warnings, r.gz.note)
		}
	}
	return rep
}
