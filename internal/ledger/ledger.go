// Package ledger remembers what became of every drop, row and window: which
// drops were taken, where their blocks are, which windows were sealed, uploaded
// and closed. It moves no data and decides nothing; every change of state is
// one durable transaction.
package ledger

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/internal/sqldb"
)

const (
	fileName = "ledger.db"
	markName = "ledger.mark"
)

//go:embed migrations/*.sql
var migrations embed.FS // never written to

// Ledger is safe for concurrent use. Reading goes on while a change is being
// committed and sees the state before or after it, never between.
type Ledger struct {
	db       *sqldb.SQLite
	reads    *reads
	log      *zap.Logger
	fresh    bool
	lost     bool
	setAside string
	sensors  sensorNames
	origins  identities

	mu   sync.Mutex // held for a whole change: there is one writer
	w    *writer    // nil when opened for reading only
	mark *mark
}

// Open opens the ledger in dir, or makes one. A damaged one never keeps the
// daemon from starting: it is set aside, see SetAside, and a fresh one is made.
// Only one process can have a ledger open; others use OpenReadOnly.
func Open(ctx context.Context, dir string, log *zap.Logger) (*Ledger, error) {
	m, err := openMark(filepath.Join(dir, markName))
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l, err := open(ctx, dir, m, log)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger: %w", err), m.Close())
	}
	return l, nil
}

func open(ctx context.Context, dir string, m *mark, log *zap.Logger) (*Ledger, error) {
	path := filepath.Join(dir, fileName)
	fresh, err := isFresh(path)
	if err != nil {
		return nil, err
	}
	l := &Ledger{log: log, mark: m, fresh: fresh, lost: fresh && m.Commits() > 0}
	err = l.load(ctx, path)
	if err != nil && sqldb.Damaged(err) {
		if l.setAside, err = setAside(path, err, log); err != nil {
			return nil, err
		}
		l.fresh = true
		err = l.load(ctx, path)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// load opens the file, checks it and brings its schema up to date. After an
// error nothing is left open.
func (l *Ledger) load(ctx context.Context, path string) (err error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file: %w", path, sqldb.ErrDamaged)
	}
	if l.db, err = sqldb.OpenSQLite(ctx, path, sqldb.Options{}); err != nil {
		return err
	}
	l.reads = &reads{db: l.db.Read}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if err := sqldb.Check(ctx, l.db.Read); err != nil {
		return err
	}
	if err := sqldb.Migrate(ctx, l.db.Write, schema()); err != nil {
		return orDamaged(err)
	}
	if l.w, err = newWriter(ctx, l.db.Write); err != nil {
		return orDamaged(err)
	}
	// A fresh ledger begins its own count; an older one must not be behind.
	if n := l.mark.Commits(); !l.fresh && n > l.w.head.commits {
		return fmt.Errorf("%w: %d of %d commits are missing: its -wal file was lost, or an older copy was put in its place",
			sqldb.ErrDamaged, n-l.w.head.commits, n)
	}
	l.sensors.set(l.w.sensorNames())
	if err := l.origins.load(ctx, l.db.Read); err != nil {
		return orDamaged(err)
	}
	return l.mark.Set(l.w.head.commits)
}

// orDamaged takes tables that are not as they were made for damage.
func orDamaged(err error) error {
	if sqldb.Foreign(err) {
		return fmt.Errorf("%w: it is no ledger: %w", sqldb.ErrDamaged, err)
	}
	return err
}

// OpenReadOnly opens the ledger in dir for the reading methods, whether or not
// a daemon has it open. Changing methods return an error.
func OpenReadOnly(ctx context.Context, dir string) (*Ledger, error) {
	path := filepath.Join(dir, fileName)
	db, err := sqldb.OpenSQLiteReadOnly(ctx, path, sqldb.Options{Readers: 2})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("open ledger: there is none in %s yet: has the daemon run with this state_dir? %w", dir, err)
	case err != nil && sqldb.Damaged(err):
		return nil, fmt.Errorf("open ledger: it is damaged, the daemon rebuilds it at its next start: %w", err)
	case err != nil:
		return nil, fmt.Errorf("open ledger: run this as the daemon's user, or while the daemon runs: %w", err)
	}
	l := &Ledger{db: db, reads: &reads{db: db.Read}, log: zap.NewNop()}
	if err := sqldb.CheckVersion(ctx, db.Read, schema()); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger: %w", err), db.Close())
	}
	return l, nil
}

// Fresh tells whether Open made a new ledger: nothing is known of what is in
// the spool, in the append-only files and in the bucket.
func (l *Ledger) Fresh() bool { return l.fresh }

// Lost tells whether Open made a new ledger although there had been one: its
// file was removed. One that was set aside is not meant.
func (l *Ledger) Lost() bool { return l.lost }

// SetAside is the path to which Open moved a damaged ledger, "" for none.
func (l *Ledger) SetAside() string { return l.setAside }

// Close folds the write-ahead log into the file. It is safe to call twice.
func (l *Ledger) Close() error {
	err := l.close()
	if l.mark != nil {
		err = errors.Join(err, l.mark.Close())
	}
	if err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return nil
}

func (l *Ledger) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.w != nil {
		err = l.w.Close()
		l.w = nil
	}
	l.reads.close()
	return errors.Join(err, l.db.Close())
}

func isFresh(path string) (bool, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return info.Mode().IsRegular() && info.Size() == 0, nil
}

func schema() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return migrations // cannot happen: the name is a constant; Migrate would find no script
	}
	return sub
}

// ns and at are how the ledger keeps a time.Time: Unix nanoseconds, 0 for the
// zero time.
func ns(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func at(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
