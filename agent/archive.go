package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"millwright/internal/atomicfile"
	"millwright/internal/drop"
)

// accounts is the part of the ledger that says which drops are done with.
type accounts interface {
	// Settled gives drops with IDs above after all of whose rows are accounted
	// for, oldest first.
	Settled(ctx context.Context, after int64, limit int) ([]drop.Drop, error)
	Path(ctx context.Context, folder, name string) (drop.Drop, bool, error)
	// SetStates notes what became of the drops' files, in one transaction.
	SetStates(ctx context.Context, fates []drop.Fate) error
}

// aftermath is what happens to a folder's files when they are done with.
type aftermath struct {
	folder string
	after  string // archive | delete | keep
	dir    string // of the archive
	gzip   bool
	marker string // suffix of marker files, which go with their drop; "" for none
}

// archiver moves drops out of their folders, last of all (promise 4).
type archiver struct {
	ledger  accounts
	folders map[string]aftermath
	log     *zap.Logger

	after   int64 // the next pass begins behind this drop: some up to it cannot be put away
	failing bool  // such a one was met since the first drop
	trouble error // what keeps them, until a round over all drops meets none
}

// archiveBatch is how many drops one pass moves, so that sealing never waits long.
const archiveBatch = 256

// pass archives, deletes or keeps what is accounted for, and tells whether
// there may be more. A drop that cannot be moved is logged and tried again,
// after all others had their turn.
//
// Copies become durable first, then one transaction says where all of them are,
// then the files go. After a crash before the transaction the copies are made
// again; after one behind it a file that is still there is found again, is a
// repeat of its drop, and is put away as that.
func (a *archiver) pass(ctx context.Context) (more bool, err error) {
	drops, err := a.ledger.Settled(ctx, a.after, archiveBatch)
	if err != nil {
		return false, err
	}
	p := putting{archiver: a, roots: map[string]*os.Root{}, missing: map[string]bool{}, targets: map[string]bool{}}
	defer p.close()
	var errs []error
	for _, d := range drops {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if p.missing[d.Folder] {
			continue
		}
		if err := p.plan(ctx, d); err != nil {
			errs = append(errs, fmt.Errorf("put away %s: %w", filepath.Join(d.Folder, d.Name), err))
		}
	}
	full := len(drops) == archiveBatch
	if len(errs) > 0 && !a.failing {
		a.failing, a.trouble = true, few(errs)
	}
	if err := atomicfile.CommitAll(p.copies); err != nil {
		return false, errors.Join(append(errs, err)...)
	}
	if err := a.ledger.SetStates(ctx, p.fates); err != nil {
		return false, errors.Join(append(errs, err)...)
	}
	var removing []error
	for _, r := range p.removals {
		if err := r.do(); err != nil {
			removing = append(removing, fmt.Errorf("put away %s: %w", filepath.Join(r.Folder, r.Name), err))
		}
	}
	a.turn(drops, full)
	a.log.Debug("put away", zap.Int("drops", len(p.fates)), zap.Int("removed", len(p.removals)))
	return full && len(p.fates) > 0, errors.Join(a.trouble, few(removing))
}

// turn goes on behind drops that cannot be put away, and at the end begins anew.
func (a *archiver) turn(drops []drop.Drop, full bool) {
	if full && a.failing {
		a.after = drops[len(drops)-1].ID
		return
	}
	a.after = 0
	if !a.failing {
		a.trouble = nil
	}
	a.failing = false
}

// few joins the first errors and counts the others.
func few(errs []error) error {
	const most = 3
	if n := len(errs) - most; n > 0 {
		errs = append(errs[:most:most], fmt.Errorf("and %d more", n))
	}
	return errors.Join(errs...)
}

// putting is one pass.
type putting struct {
	*archiver
	roots    map[string]*os.Root
	missing  map[string]bool // folders that cannot be opened
	targets  map[string]bool // of copies
	copies   []*atomicfile.File
	fates    []drop.Fate
	removals []removal
}

// removal is a drop's file to be removed, with its marker.
type removal struct {
	root *os.Root
	drop.Drop
	marker string
}

// do leaves a file alone that was replaced since it was read: what it holds was
// never taken. The next listing finds it.
func (r removal) do() error {
	if st, err := r.root.Lstat(r.Name); err == nil && !unchanged(st, r.Drop) {
		return nil
	}
	if err := r.root.Remove(r.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if r.marker == "" {
		return nil
	}
	if err := r.root.Remove(r.Name + r.marker); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// plan decides what becomes of a drop's file, and copies it where it is archived.
func (p *putting) plan(ctx context.Context, d drop.Drop) error {
	fate := func(st drop.State, reason string) error {
		reason = strings.Trim(reason+"; "+told(d), "; ")
		p.fates = append(p.fates, drop.Fate{ID: d.ID, State: st, Reason: reason})
		return nil
	}
	newest, ok, err := p.ledger.Path(ctx, d.Folder, d.Name)
	if err != nil {
		return err
	}
	if ok && newest.ID != d.ID {
		return fate(drop.Gone, "a newer version of the file was taken")
	}
	to, known := p.folders[d.Folder]
	if !known {
		return fate(drop.Kept, "its folder is no longer configured")
	}
	root, err := p.root(d.Folder)
	if err != nil {
		return err
	}
	st, err := root.Lstat(d.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fate(drop.Gone, "the file was removed by somebody else")
	case err != nil:
		return err
	case !unchanged(st, d):
		return fate(drop.Gone, "the file has changed since it was read")
	}
	gone := removal{root, d, to.marker}
	switch to.after {
	case "keep":
		return fate(drop.Kept, "")
	case "delete":
		p.removals = append(p.removals, gone)
		return fate(drop.Deleted, "")
	}
	target, err := p.store(root, d, to)
	if err != nil {
		return err
	}
	p.removals = append(p.removals, gone)
	return fate(drop.Archived, target)
}

// unchanged tells whether a file is still what was read.
func unchanged(st fs.FileInfo, d drop.Drop) bool {
	return st.Mode().IsRegular() && st.Size() == d.Size && st.ModTime().Equal(d.ModTime)
}

func (p *putting) root(folder string) (*os.Root, error) {
	if r := p.roots[folder]; r != nil {
		return r, nil
	}
	r, err := os.OpenRoot(folder)
	if err != nil {
		p.missing[folder] = true
		return nil, err
	}
	p.roots[folder] = r
	return r, nil
}

// close removes copies that were not committed.
func (p *putting) close() {
	for _, f := range p.copies {
		_ = f.Close() // what is left over is written anew by the next pass
	}
	for _, r := range p.roots {
		r.Close()
	}
}

// told is what was said of a drop when it was read. It stays true, and stays said,
// whatever becomes of the file.
func told(d drop.Drop) string {
	if d.State == drop.Quarantined {
		return "no row could be used: " + d.Reason
	}
	return d.Reason
}
