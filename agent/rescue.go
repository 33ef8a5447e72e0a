package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"go.uber.org/zap"

	"millwright/internal/drop"
)

// forsaking is the part of the ledger that lets go of drops whose rows are damaged.
type forsaking interface {
	Drop(ctx context.Context, id int64) (drop.Drop, bool, error)
	Path(ctx context.Context, folder, name string) (drop.Drop, bool, error)
	Forsake(ctx context.Context, id int64, reason string) error
}

// rescue saves what can be saved of rows that the spool cannot give back: their
// file is read again if it is still there, and what is left of the segment is
// kept in quarantine if the file is not what it was.
type rescue struct {
	ledger forsaking
	forget func(folder, name string) // has the Taker list a file again
	dirs   dirs
	notes  *notes
	log    *zap.Logger

	mu   sync.Mutex // sealing has several workers; taking rests meanwhile
	seen map[int64]bool
}

// readAgain is the note on files that are read again; it ends with the process.
const readAgain = "read-again"

// damaged implements seal.Settings.Damaged.
func (r *rescue) damaged(ctx context.Context, b drop.Block, cause error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[b.Drop] {
		return nil
	}
	d, ok, err := r.ledger.Drop(ctx, b.Drop)
	if err != nil {
		return err
	}
	if ok && d.State == drop.Damaged { // by an earlier process
		r.seen[b.Drop] = true
		return nil
	}
	same, there, err := r.file(ctx, d)
	if err != nil {
		return err
	}
	segment := filepath.Join(r.dirs.segments(), b.File)
	if !same {
		if err := setAside(segment, r.dirs.quarantine(), true); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	name := filepath.Join(d.Folder, d.Name)
	if !there {
		r.notes.stand(ctx, name, "damaged", fmt.Sprintf("rows cannot be read from the spool, and the file is gone: %v; what is left is in quarantine as %s", cause, b.File),
			"drop the file again if there is a copy, and look at the disk's health")
		r.seen[b.Drop] = true
		return nil
	}
	if err := r.ledger.Forsake(ctx, b.Drop, fmt.Sprintf("rows cannot be read from the spool (%v): the file is read again", cause)); err != nil {
		return err
	}
	r.forget(d.Folder, d.Name)
	r.notes.stand(ctx, name, readAgain, fmt.Sprintf("rows could not be read from the spool: %v; the file is read again", cause), "look at the disk's health")
	r.log.Warn("the file is read again, since its rows in the spool are damaged", zap.String("drop", name), zap.String("segment", b.File))
	r.seen[b.Drop] = true
	return nil
}

// file tells whether the drop's file is there, and whether it is what was read.
func (r *rescue) file(ctx context.Context, d drop.Drop) (same, there bool, err error) {
	newest, ok, err := r.ledger.Path(ctx, d.Folder, d.Name)
	if err != nil || !ok {
		return false, false, err
	}
	root, err := os.OpenRoot(d.Folder)
	if err != nil {
		return false, false, nil // gone, or not to be read: the same for us
	}
	defer root.Close()
	st, err := root.Lstat(d.Name)
	if err != nil || !st.Mode().IsRegular() {
		return false, false, nil
	}
	return unchanged(st, newest), true, nil
}
