package files

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
)

// Kept is a Source that is read once: its rows are then in a scratch file, 8 bytes for
// each value. Where there is no room for it the Source is read again every time.
type Kept struct {
	frame.Source
	files *Source
	spool *series.Spool
	bytes int64 // in the spool
	whole bool  // all rows are in the spool
	full  func(error)
	read  *atomic.Int64
}

// Keep makes a Kept of rows that come from files, with its scratch file in dir ("": the
// system's folder). It has to be closed. full is told, at most once, why the rows cannot
// be kept.
func Keep(files *Source, rows frame.Source, dir string, full func(error)) *Kept {
	return &Kept{Source: rows, files: files, spool: series.NewSpool(dir), full: full, read: new(atomic.Int64)}
}

// Size is how much the next pass reads, in bytes.
func (k *Kept) Size() int64 {
	if k.whole {
		return k.bytes
	}
	return k.files.Size()
}

// Count has passes that begin from now on add the bytes that they read to n.
func (k *Kept) Count(n *atomic.Int64) {
	k.read = n
	k.files.Count(n)
}

// Slow tells whether reading the files again takes longer than reading a scratch file of
// their rows: where they have many rows for one, and where they are unpacked or sorted.
func (s *Source) Slow() bool {
	var read, rows int64
	for _, p := range s.parts {
		cost := p.size
		if p.packed {
			cost *= 10
		}
		if p.disorder {
			cost *= 3
		}
		read += cost
		rows += p.bins
	}
	return read > 2*8*rows*int64(1+len(s.names))
}

// Each gives the rows.
func (k *Kept) Each(ctx context.Context, fn func(label int64, cells []float64) error) error {
	if k.whole {
		return k.again(ctx, fn)
	}
	if k.spool == nil {
		return k.Source.Each(ctx, fn)
	}
	if err := k.spool.Restart(); err != nil {
		return err
	}
	k.bytes = 0
	var b []byte
	err := k.Source.Each(ctx, func(label int64, cells []float64) error {
		if k.spool != nil {
			b = binary.LittleEndian.AppendUint64(b[:0], uint64(label))
			for _, v := range cells {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			}
			if _, err := k.spool.Write(b); err != nil {
				k.full(fmt.Errorf("keep rows: %w: TMPDIR names a folder with more room; the files are read again instead", err))
				if err := k.Close(); err != nil {
					return err
				}
			}
			k.bytes += int64(len(b))
		}
		return fn(label, cells)
	})
	k.whole = err == nil && k.spool != nil
	return err
}

func (k *Kept) again(ctx context.Context, fn func(label int64, cells []float64) error) error {
	r := k.spool.Reader()
	cells := make([]float64, len(k.Names()))
	b := make([]byte, 8+8*len(cells))
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch _, err := io.ReadFull(r, b); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read kept rows: %w", err)
		}
		for i := range cells {
			cells[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8+8*i:]))
		}
		k.read.Add(int64(len(b)))
		if err := fn(int64(binary.LittleEndian.Uint64(b)), cells); err != nil {
			return err
		}
	}
}

// Close gives the scratch file back. It may be called twice.
func (k *Kept) Close() error {
	if k.spool == nil {
		return nil
	}
	spool := k.spool
	k.spool, k.whole = nil, false
	return spool.Close()
}
