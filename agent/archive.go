package agent

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
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
	// Settled gives drops all of whose rows are accounted for, oldest first.
	Settled(ctx context.Context, limit int) ([]drop.Drop, error)
	Path(ctx context.Context, folder, name string) (drop.Drop, bool, error)
	SetState(ctx context.Context, id int64, st drop.State, reason string) error
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
}

// batch is how many drops one pass moves, so that sealing never waits long.
const archiveBatch = 256

// pass archives, deletes or keeps what is accounted for, and tells whether
// there may be more. A drop that cannot be moved is logged and tried again at
// the next pass.
func (a *archiver) pass(ctx context.Context) (more bool, err error) {
	drops, err := a.ledger.Settled(ctx, archiveBatch)
	if err != nil {
		return false, err
	}
	var errs []error
	for _, d := range drops {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err := a.finish(ctx, d); err != nil {
			errs = append(errs, fmt.Errorf("put away %s: %w", filepath.Join(d.Folder, d.Name), err))
		}
	}
	return len(drops) == archiveBatch && len(errs) == 0, errors.Join(errs...)
}

func (a *archiver) finish(ctx context.Context, d drop.Drop) error {
	newest, ok, err := a.ledger.Path(ctx, d.Folder, d.Name)
	if err != nil {
		return err
	}
	if ok && newest.ID != d.ID {
		return a.ledger.SetState(ctx, d.ID, drop.Gone, "a newer version of the file was taken")
	}
	to, known := a.folders[d.Folder]
	if !known {
		return a.ledger.SetState(ctx, d.ID, drop.Kept, "its folder is no longer configured")
	}
	root, err := os.OpenRoot(d.Folder)
	if err != nil {
		return err
	}
	defer root.Close()
	st, err := root.Lstat(d.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return a.ledger.SetState(ctx, d.ID, drop.Gone, "the file was removed by somebody else")
	case err != nil:
		return err
	case !st.Mode().IsRegular() || st.Size() != d.Size || !st.ModTime().Equal(d.ModTime):
		return a.ledger.SetState(ctx, d.ID, drop.Gone, "the file has changed since it was read")
	}
	switch to.after {
	case "keep":
		return a.ledger.SetState(ctx, d.ID, drop.Kept, "")
	case "delete":
		return a.remove(ctx, root, d, to, drop.Deleted, "")
	}
	target, err := a.store(root, d, to)
	if err != nil {
		return err
	}
	return a.remove(ctx, root, d, to, drop.Archived, target)
}

// remove writes the ledger first: after a crash in between the file is still
// there, is found again, is a repeat of this drop, and is put away as that.
func (a *archiver) remove(ctx context.Context, root *os.Root, d drop.Drop, to aftermath, st drop.State, reason string) error {
	if err := a.ledger.SetState(ctx, d.ID, st, reason); err != nil {
		return err
	}
	if err := root.Remove(d.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if to.marker != "" {
		if err := root.Remove(d.Name + to.marker); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	a.log.Debug("put away", zap.String("drop", d.Name), zap.String("state", string(st)))
	return nil
}

// store copies the drop into the archive, by the day on which it was taken,
// and returns where it is.
func (a *archiver) store(root *os.Root, d drop.Drop, to aftermath) (string, error) {
	src, err := root.Open(d.Name)
	if err != nil {
		return "", err
	}
	defer src.Close()
	squeeze := to.gzip && !strings.HasSuffix(d.Name, ".gz")
	target := filepath.Join(to.dir, d.TakenAt.UTC().Format("20060102"), filepath.FromSlash(d.Name))
	if squeeze {
		target += ".gz"
	}
	if _, err := os.Lstat(target); err == nil { // an earlier file of that name
		ext := filepath.Ext(d.Name)
		base := filepath.Join(filepath.Dir(target), strings.TrimSuffix(filepath.Base(d.Name), ext))
		target = base + "~" + hex.EncodeToString(d.Identity[:4]) + ext
		if squeeze {
			target += ".gz"
		}
	}
	out, err := atomicfile.Create(target, 0o640)
	if err != nil {
		return "", err
	}
	defer out.Close()
	var w io.Writer = out
	var z *gzip.Writer
	if squeeze {
		z = gzip.NewWriter(out)
		z.Name, z.ModTime = filepath.Base(d.Name), d.ModTime
		w = z
	}
	n, err := io.Copy(w, src)
	if err != nil {
		return "", fmt.Errorf("copy into the archive: %w", err)
	}
	if n != d.Size {
		return "", fmt.Errorf("copy into the archive: read %d bytes of %d: the file is changing", n, d.Size)
	}
	if z != nil {
		if err := z.Close(); err != nil {
			return "", fmt.Errorf("compress into the archive: %w", err)
		}
	}
	if err := os.Chtimes(out.Name(), d.ModTime, d.ModTime); err != nil {
		return "", err
	}
	return target, out.Commit()
}
