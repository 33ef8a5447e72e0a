package take

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"syscall"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/series"
)

// worker reads drops one after the other into a segment of its own.
type worker struct {
	t      *Taker
	router *router
	seg    *segment.Writer // of this batch, nil before the first block
	roots  map[int]*os.Root
	near   nearFolder // of the last drop
	forms  forms
	buf    []byte
	memory series.Memory // for one reader at a time
	aside  bool          // something was put into quarantine in this batch
}

// outcome is what became of a candidate.
type outcome struct {
	taking  drop.Taking // State says: taken, repeat or quarantined
	refused bool        // taking.Drop is a refusal
	later   *notYet     // neither: it is looked at again
	rest    bool        // the last line, without newline, was left for later
	twin    int         // candidate of the batch that it is a repeat of, -1 for none
}

// spoolError is a failure to write what is ours: the batch is not taken.
type spoolError struct{ err error }

func (e spoolError) Error() string { return e.err.Error() }
func (e spoolError) Unwrap() error { return e.err }

// begin makes the worker ready for a batch.
func (w *worker) begin() {
	if w.router == nil {
		w.router = newRouter(w.t.limits.Memory / workers)
		w.router.write = w.segment
		w.forms = forms{}
	}
	w.roots = map[int]*os.Root{}
}

// end closes what is open. The segment is durable afterwards, or gone.
func (w *worker) end(commit bool) (err error) {
	w.near.close()
	for _, r := range w.roots {
		r.Close()
	}
	if w.seg != nil {
		if commit && w.seg.Drops() > 0 {
			err = w.seg.Close()
		} else {
			err = w.seg.Abort()
		}
	}
	w.seg, w.roots, w.aside = nil, nil, false
	return err
}

func (w *worker) segment() (*segment.Writer, error) {
	if w.seg == nil {
		var random [6]byte
		if _, err := rand.Read(random[:]); err != nil {
			return nil, spoolError{err}
		}
		name := w.t.wall().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(random[:]) + ".seg"
		seg, err := segment.Create(w.t.dirs.Segments, name)
		if err != nil {
			return nil, spoolError{err}
		}
		w.seg = seg
	}
	return w.seg, nil
}

func (w *worker) root(f *Folder) (*os.Root, error) {
	if r := w.roots[f.index]; r != nil {
		return r, nil
	}
	r, err := os.OpenRoot(f.Path)
	if err != nil {
		return nil, unreadable("open drop folder", err)
	}
	w.roots[f.index] = r
	return r, nil
}

// nearFolder is an open folder, a drop folder or one below. Neighbours in a batch
// lie in the same one mostly, and a walk from the top for each costs more than
// reading it.
type nearFolder struct {
	folder int
	dir    string
	file   *os.File // nil: none is open
}

func (n *nearFolder) close() {
	if n.file != nil {
		n.file.Close()
	}
	*n = nearFolder{}
}

// place gives the folder that a candidate lies in, and its name there.
func (w *worker) place(c *Candidate) (*os.File, string, error) {
	dir, base := path.Split(c.Name)
	if n := &w.near; n.file == nil || n.folder != c.folder.index || n.dir != dir {
		n.close()
		root, err := w.root(c.folder)
		if err != nil {
			return nil, "", err
		}
		f, err := root.OpenFile(cmp.Or(dir, "."), os.O_RDONLY|syscall.O_DIRECTORY, 0) // no link leads it out
		if err != nil {
			return nil, "", unreadable("open folder of drop", err)
		}
		*n = nearFolder{c.folder.index, dir, f}
	}
	return w.near.file, base, nil
}

// take reads one candidate. last is the newest stamp taken from the same source.
// An error is one of the batch.
func (w *worker) take(ctx context.Context, c *Candidate, last int64, claim claim) (outcome, error) {
	d := drop.Drop{Folder: c.Folder, Name: c.Name, Component: c.Component, Size: c.Size, ModTime: c.ModTime, State: drop.Taken, TakenAt: w.t.now()}
	out, err := w.read(ctx, c, &d, last, claim)
	if err == nil {
		return out, nil
	}
	if w.seg != nil {
		if err := w.seg.Undo(); err != nil {
			return out, spoolError{err}
		}
	}
	if why := (refusal{}); errors.As(err, &why) {
		d.State, d.Reason, d.Counts, d.Part = drop.Refused, why.reason, drop.Counts{}, drop.Part{}
		return outcome{taking: drop.Taking{Drop: d}, refused: true}, nil
	}
	if wait := (notYet{}); errors.As(err, &wait) {
		return outcome{later: &wait}, nil
	}
	return out, err
}

func (w *worker) read(ctx context.Context, c *Candidate, d *drop.Drop, last int64, claim claim) (outcome, error) {
	if c.refuse != nil {
		return outcome{}, refuse("%s", c.refuse)
	}
	if !c.folder.Component.several() {
		if b := w.t.bounds(c.Component); !b.ok {
			return outcome{}, refuse("%s", b.why)
		}
	}
	if c.Size > w.t.limits.File {
		return outcome{}, refuse("it has %d bytes, more than limits.file and limits.state allow (%d): raise them, or send it with millwright backfill", c.Size, w.t.limits.File)
	}
	dir, name, err := w.place(c)
	if err != nil {
		return outcome{}, err
	}
	in, buf, err := open(dir, name, c, w.buf)
	if w.buf = buf; err != nil {
		return outcome{}, err
	}
	defer in.close()
	p, err := w.t.plan(ctx, c, in)
	if err != nil {
		return outcome{}, err
	}
	if p.repeat != nil {
		return repeat(d, *p.repeat, fmt.Sprintf("nothing has changed since drop %d", p.repeat.ID)), nil
	}
	r := reading{worker: w, c: c, d: d, in: in, plan: p, last: last, claim: claim}
	return r.run(ctx)
}

// repeat makes d a repeat of an earlier drop. It grows from where that ended.
func repeat(d *drop.Drop, of drop.Drop, reason string) outcome {
	d.State, d.Reason, d.Identity, d.Part = drop.Repeat, reason, of.Identity, of.Part
	return outcome{taking: drop.Taking{Drop: *d}, twin: -1}
}
