package series

import (
	"fmt"
	"io"
	"slices"
)

// Again makes Readers for files that are written alike, for a small part of what
// NewReader costs: what follows from the dialect and the options is worked out
// once. It is used by one goroutine, for one Reader at a time.
type Again struct {
	fresh  Reader // before it has a text
	reader Reader
}

// NewAgain takes the dialect found for one of the files. The layout has to be
// the wide one.
func NewAgain(d Dialect, o Options) (*Again, error) {
	if d.Layout == Long {
		return nil, fmt.Errorf("read on in a file of layout %s: use NewReader", d.Layout)
	}
	o.Resume = &Resume{Dialect: d}
	set, err := newSettings(o)
	if err != nil {
		return nil, err
	}
	r, err := plainReader(set, d)
	if err != nil {
		return nil, err
	}
	return &Again{fresh: *r}, nil
}

// Reader reads on in another file, as NewReader does with o.Resume, whose
// dialect counts for nothing. Of o only what belongs to one file may differ from
// what NewAgain was given: Resume, Memory, OnFault, LastStamp and ModTime. The
// Reader before must be closed; it is the same one.
func (a *Again) Reader(src io.Reader, o Options) (*Reader, error) {
	r := &a.reader
	cells, pending := r.cells, r.pending
	*r = a.fresh
	r.cells, r.pending = cells[:0], pending[:0]
	r.text, r.blank = slices.Clone(r.text), slices.Clone(r.blank)
	set := &r.set
	set.Resume, set.Memory, set.OnFault, set.LastStamp, set.ModTime = o.Resume, o.Memory, o.OnFault, o.LastStamp, o.ModTime
	from, err := resumeSource(src, set, r.dialect)
	if err != nil {
		return nil, err
	}
	return r, r.start(from, o.Resume.Offset, o.Resume.Line)
}
