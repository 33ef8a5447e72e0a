package take

import (
	"context"
	"errors"
	"fmt"
	"io"

	"millwright/internal/drop"
	"millwright/internal/fingerprint"
	"millwright/internal/segment"
	"millwright/internal/series"
)

// reading is the work on one drop that was opened.
type reading struct {
	*worker
	plan
	c      *Candidate
	d      *drop.Drop
	in     *content
	last   int64
	claim  claim
	faults rowsFile
	src    io.Reader           // the bytes of the plan
	sum    *fingerprint.Digest // of what was read of them, for a large file

	latest  map[string]map[string]int64
	newest  []drop.Newest
	ignored []string // columns and components that are not taken
	notes   []string // for Reason
}

func (r *reading) run(ctx context.Context) (outcome, error) {
	r.d.Part = drop.Part{From: r.from, To: r.to}
	if r.in.data != nil {
		// A small file is known before it is parsed.
		content := r.t.dirs.Prints.Sum(r.in.data[r.from:r.to])
		if r.d.Identity = identity(r.c.Component, r.c.folder.mapping, r.from, content); r.from == 0 {
			r.d.Part.Prefix = content
		}
		if err := r.prefix(); err != nil {
			return outcome{}, err
		}
		if out, err := r.known(ctx); out != nil || err != nil {
			return some(out), err
		}
	}
	r.faults = rowsFile{dir: r.t.dirs.Quarantine, limit: r.t.limits.Faults}
	defer r.faults.discard()
	blocks, err := r.rows(ctx)
	hopeless := (*series.HopelessError)(nil)
	if err != nil && !errors.As(err, &hopeless) {
		return outcome{}, err
	}
	if hopeless != nil && !r.c.still {
		return outcome{}, notYet{holdStill, nil} // its beginning may only be missing its rest
	}
	if r.sum != nil {
		if _, err := io.Copy(io.Discard, r.src); err != nil { // what the reader left unread
			return outcome{}, unreadable("read drop", err)
		}
		r.d.Identity = identity(r.c.Component, r.c.folder.mapping, r.from, r.sum.Sum())
	}
	if err := r.prefix(); err != nil {
		return outcome{}, err
	}
	if r.in.changed() {
		return outcome{}, notYet{holdNothing, nil}
	}
	if r.in.data == nil {
		if out, err := r.known(ctx); out != nil || err != nil {
			if out != nil && r.seg != nil {
				if err := r.seg.Undo(); err != nil {
					return outcome{}, spoolError{err}
				}
			}
			return some(out), err
		}
	}
	if r.d.Size = r.to; r.to < r.in.size {
		r.notes = append(r.notes, "its last line is not ended and is left for later")
	}
	if hopeless != nil {
		return r.hopeless(hopeless)
	}
	return r.keep(blocks)
}

// rows parses the drop into blocks, with the dialect of earlier files that begin
// like it if that fits every row.
func (r *reading) rows(ctx context.Context) ([]segment.Ref, error) {
	if r.in.data == nil || r.resume != nil {
		return r.parse(ctx, r.resume, nil)
	}
	if f := r.forms.find(r.c.folder.index, r.in.data[:r.to]); f != nil {
		at := &series.Resume{Dialect: f.dialect, Offset: int64(len(f.head)), Line: f.dialect.Data - 1}
		blocks, err := r.parse(ctx, at, f)
		if err == nil && r.router.counts.Rows > 0 && r.router.unread == 0 {
			return blocks, nil
		}
		if r.faults.discard(); r.seg != nil {
			if err := r.seg.Undo(); err != nil {
				return nil, spoolError{err}
			}
		}
		r.faults = rowsFile{dir: r.faults.dir, limit: r.faults.limit}
		r.notes = nil
	}
	return r.parse(ctx, nil, nil)
}

// parse reads the bytes of the plan, from at on if it is given.
func (r *reading) parse(ctx context.Context, at *series.Resume, known *form) ([]segment.Ref, error) {
	o := r.c.folder.CSV
	o.Lines, o.MaxRow, o.MaxColumns, o.MaxBytes = true, r.t.limits.Row, r.t.limits.Columns, r.t.limits.File
	o.Memory = &r.memory
	o.ModTime, o.LastStamp, o.Resume, o.OnFault = r.c.ModTime, r.last, at, r.router.fault
	from := r.from
	if at != nil {
		from = at.Offset
	}
	r.src = r.in.section(from, r.to)
	if r.in.data == nil {
		r.sum = r.t.dirs.Prints.New()
		r.src = io.TeeReader(r.src, r.sum)
	}
	cols := &columns{folder: r.c.folder, component: r.c.Component, bounds: r.t.bounds}
	r.router.reset(cols, &r.faults, r.d.TakenAt)
	rd, err := known.reader(r.src, o)
	if err != nil {
		return nil, r.why(err)
	}
	defer rd.Close()
	r.router.long = rd.Dialect().Layout == series.Long
	if err := r.route(ctx, rd, cols, known); err != nil {
		return nil, r.why(err)
	}
	report := rd.Report()
	if report.Damage != "" && !r.c.still {
		return nil, notYet{holdStill, nil}
	}
	r.router.withoutText(rd.Names(), report.TextColumns)
	r.notes = append(r.notes, report.Damage)
	blocks, err := r.router.finish()
	if err != nil {
		return nil, err
	}
	r.latest, r.newest = cols.latest()
	r.ignored = cols.ignored
	return blocks, r.part(rd, known)
}

// route hands every batch to the router.
func (r *reading) route(ctx context.Context, rd *series.Reader, cols *columns, known *form) error {
	names := -1
	if known != nil && known.sensors != nil && cols.component != "" {
		if err := cols.known(known.columns, known.sensors); err != nil {
			return err
		}
		names = len(rd.Names())
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := rd.Next()
		if errors.Is(err, io.EOF) {
			return r.faults.err
		}
		if n := len(rd.Names()); err == nil && n != names {
			names = n
			err = cols.extend(rd.Names())
		}
		if err == nil {
			err = r.router.add(b)
		}
		if err != nil {
			return err
		}
	}
}

// why tells whose fault an error of reading is.
func (r *reading) why(err error) error {
	hopeless := (*series.HopelessError)(nil)
	switch {
	case errors.As(err, &hopeless), errors.As(err, &refusal{}), errors.As(err, &notYet{}), errors.As(err, &spoolError{}), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, errTooManyFaults):
		return refuse("%d rows and cells of it cannot be used, too many to keep in quarantine (the first: %s): nothing of it was taken; correct drops.csv and reload", r.faults.count, r.faults.first)
	case r.faults.err != nil:
		return spoolError{fmt.Errorf("write quarantine: %w", r.faults.err)}
	}
	return unreadable("read drop", err)
}
