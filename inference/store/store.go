// Package store keeps all state of the inference service in SQL, on SQLite and
// PostgreSQL alike: resources and their state machines, what jobs have come to,
// pages of lists. It reads no clock, moves no data and knows nothing of the wire.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"time"

	"millwright/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS // never written to

const (
	migrationLock = 0x6d696c6c // one process at a time changes the schema
	maxRetries    = 40         // of a transaction; the waits between them are about 5 s in all
)

// Options say where the state is. Quotas are those of one account.
type Options struct {
	Database string // a postgres:// URL, or the path of a SQLite file
	Conns    int    // to PostgreSQL (default 16, at least 2), or reading ones to SQLite (default 4)
	Quotas   Quotas

	// Also brings other tables of the same database up to date, after the store's
	// own: those of the job queue. db is what Store.DB gives. On PostgreSQL no other
	// process does so at the same time.
	Also func(ctx context.Context, db *sql.DB, postgres bool) error
}

// Quotas are limits on what an account may have; 0 is none.
type Quotas struct {
	Datasets, Models, LabelGroups    int
	PendingIngestions, PendingModels int // in progress at a time
	LabelsPerGroup, TagsPerResource  int
}

// Store is safe for concurrent use, also by several processes. Its own methods
// read; changes are made in Tx.
type Store struct {
	Reader
	db       *sql.DB // in which transactions are made
	read     *sql.DB // the same one on PostgreSQL
	close    func() error
	postgres bool
	quotas   Quotas
}

// Open opens the database, makes it if it is a SQLite file that is not there,
// and brings its schema up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := connect(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s.Reader = Reader{s.read}
	migrate := func() error {
		files, err := fs.Sub(migrations, "migrations")
		if err != nil {
			return err
		}
		if err := sqldb.Migrate(ctx, s.db, files); err != nil || o.Also == nil {
			return err
		}
		return o.Also(ctx, s.db, s.postgres)
	}
	if s.postgres {
		err = sqldb.Exclusively(ctx, s.db, migrationLock, migrate)
	} else {
		err = migrate()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.Close())
	}
	return s, nil
}

func connect(ctx context.Context, o Options) (*Store, error) {
	s := &Store{quotas: o.Quotas}
	if strings.HasPrefix(o.Database, "postgres://") || strings.HasPrefix(o.Database, "postgresql://") {
		if o.Conns > 0 {
			o.Conns = max(o.Conns, 2) // migrating holds one and needs another
		}
		db, err := sqldb.OpenPostgres(ctx, o.Database, sqldb.PostgresOptions{Conns: o.Conns, Name: "millwright serve"})
		if err != nil {
			return nil, err
		}
		s.db, s.read, s.close, s.postgres = db, db, db.Close, true
		return s, nil
	}
	d, err := sqldb.OpenSQLite(ctx, o.Database, sqldb.Options{Readers: o.Conns, CacheKiB: 4096})
	if err != nil {
		return nil, err
	}
	s.db, s.read, s.close = d.Write, d.Read, d.Close
	return s, nil
}

// DB is what the job queue works on, and whether that is PostgreSQL. On SQLite
// it has one connection, which every Tx holds while it runs.
func (s *Store) DB() (db *sql.DB, postgres bool) { return s.db, s.postgres }

// ReadDB is for reading what was committed: on SQLite beside the connection of DB.
func (s *Store) ReadDB() *sql.DB { return s.read }

// Close closes all connections. It is safe to call twice.
func (s *Store) Close() error {
	if err := s.close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Tx is a transaction: it sees what was committed before it and its own changes.
// It is for one goroutine, and ends with the function it was given to.
type Tx struct {
	Reader
	tx     *sql.Tx
	quotas Quotas
}

// SQL is the transaction for others who write to the same database, such as the
// job queue's InsertTx: state and job change together.
func (t *Tx) SQL() *sql.Tx { return t.tx }

// Tx runs fn in a serializable transaction, which is committed when fn returns
// nil. Where another transaction was in its way, all of it is done again: fn may
// run several times and must do nothing but call its Tx. It must not begin
// another one. After an *Error fn may go on; any other error of its Tx it has to
// return, wrapped or not.
func (s *Store) Tx(ctx context.Context, fn func(*Tx) error) error {
	for attempt := 0; ; attempt++ {
		err := s.once(ctx, fn)
		if err == nil || !sqldb.Retryable(err) || attempt == maxRetries {
			return err
		}
		most := min(time.Millisecond<<min(attempt, 10), 250*time.Millisecond)
		wait := time.NewTimer(rand.N(most) + time.Millisecond) // at random, so that two do not meet again
		select {
		case <-ctx.Done():
			wait.Stop()
			return errors.Join(err, ctx.Err())
		case <-wait.C:
		}
	}
}

func (s *Store) once(ctx context.Context, fn func(*Tx) error) error {
	var o *sql.TxOptions // SQLite has one writer: it is serializable as it is
	if s.postgres {
		o = &sql.TxOptions{Isolation: sql.LevelSerializable}
	}
	tx, err := s.db.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // without effect after Commit; the error that led here is the one that matters
	if err := fn(&Tx{Reader: Reader{tx}, tx: tx, quotas: s.quotas}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
