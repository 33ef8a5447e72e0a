package seal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"

	"millwright/internal/drop"
	"millwright/internal/segment"
)

// source opens blocks. All files of the window at work stay open, since its
// columns are read one after the other, and a few more, since neighbouring
// windows lie in the same ones. A source is used by one goroutine.
type source struct {
	dir  string
	open []openFile // least recently used first
	near []byte     // small blocks, read at once
}

type openFile struct {
	name string
	file *segment.File
}

const keptFiles = 8

// nearBytes is how many bytes of a window's blocks are read at once, a block at
// a time. Of what is more, one column of one block is in memory at a time.
const nearBytes = 512 << 10

// readError says of which block bytes cannot be read. Sealing goes on without
// it: one bad spot on a card must not keep a machine's windows back.
type readError struct {
	block drop.Block
	err   error
}

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// damage tells the errors that will not go away by trying again.
func damage(err error) bool {
	return errors.Is(err, segment.ErrDamaged) || errors.Is(err, fs.ErrNotExist) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.EIO)
}

func (s *source) file(name string) (*segment.File, error) {
	for i, o := range s.open {
		if o.name == name {
			s.open = append(slices.Delete(s.open, i, i+1), o)
			return o.file, nil
		}
	}
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("open segment %q: %w: the name leads out of the spool", name, segment.ErrDamaged)
	}
	f, err := segment.Open(filepath.Join(s.dir, name))
	if err != nil {
		return nil, err
	}
	s.open = append(s.open, openFile{name, f})
	return f, nil
}

// shrink closes all but the files used last. No block read before may be used after it.
func (s *source) shrink() error {
	var errs []error
	for len(s.open) > keptFiles {
		if err := s.open[0].file.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close segment %s: %w", s.open[0].name, err))
		}
		s.open = slices.Delete(s.open, 0, 1)
	}
	return errors.Join(errs...)
}

func (s *source) close() error {
	var errs []error
	for _, o := range s.open {
		errs = append(errs, o.file.Close())
	}
	s.open, s.near = nil, nil
	return errors.Join(errs...)
}

// part is a block being merged: its sections, and what decides its conflicts.
type part struct {
	drop.Block
	sections []segment.Section
	where    map[string]place // made when blocks have several sections
}

type place struct{ section, column int }

// parts opens the blocks, those with the earlier rows first, until the next
// call. The error may be a *readError.
func (s *source) parts(blocks []drop.Block) ([]part, error) {
	if err := s.shrink(); err != nil {
		return nil, err
	}
	slices.SortFunc(blocks, func(a, b drop.Block) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Drop, b.Drop))
	})
	parts := make([]part, len(blocks))
	used := int64(0)
	for i, b := range blocks {
		f, err := s.file(b.File)
		if err != nil {
			return nil, &readError{b, err}
		}
		var block *segment.Block
		if b.Length > 0 && b.Length <= nearBytes-used {
			block, err = f.Whole(b.Ref, s.room(used, b.Length))
			used += b.Length
		} else {
			block, err = f.Block(b.Ref)
		}
		if err != nil {
			return nil, &readError{b, err}
		}
		parts[i] = part{Block: b, sections: block.Groups()}
	}
	return parts, nil
}

// room gives n bytes of near, behind those that are used.
func (s *source) room(used, n int64) []byte {
	if used+n > int64(len(s.near)) {
		s.near = make([]byte, min(nearBytes, max(64<<10, 2*(used+n)))) // blocks before keep the old one
	}
	return s.near[used : used+n : used+n]
}

// find gives the place of a sensor. The columns of neighbouring blocks have
// the same order mostly: hint is where the sensor is tried first.
func (p *part) find(sensor string, hint int) (place, bool) {
	if len(p.sections) == 1 {
		names := p.sections[0].Sensors
		if hint < len(names) && names[hint] == sensor {
			return place{0, hint}, true
		}
		i := slices.Index(names, sensor)
		return place{0, i}, i >= 0
	}
	if p.where == nil {
		p.where = make(map[string]place, len(p.sections))
		for i, s := range p.sections {
			for j, name := range s.Sensors {
				p.where[name] = place{i, j}
			}
		}
	}
	at, ok := p.where[sensor]
	return at, ok
}
