// Package sqldb opens SQL databases the way millwright wants them and brings
// their schema up to date. It is the only package that imports a driver; it
// knows no tables.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite": no cgo, so the binary stays static
)

// Options say how a SQLite file is opened. The zero value is right for a small
// store with one writing process.
type Options struct {
	Readers  int           // connections for reading; default 4
	CacheKiB int           // page cache of the writing connection; default 1024; a reading one has half of it
	Busy     time.Duration // how long a lock held by another process is waited for; default 10 s
}

func (o Options) filled() Options {
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.CacheKiB <= 0 {
		o.CacheKiB = 1024
	}
	if o.Busy <= 0 {
		o.Busy = 10 * time.Second
	}
	return o
}

// SQLite is a SQLite database in WAL mode. Write has exactly one connection and
// takes the write lock when a transaction begins, so that a transaction never
// fails half-way for another writer; Read has several, which see the last
// commit and hold nobody up.
type SQLite struct {
	Write *sql.DB // nil when opened for reading only
	Read  *sql.DB
}

// OpenSQLite opens or creates the database at path. Every commit is on the disk
// when it returns (synchronous=FULL). Damaged tells which errors mean that the
// file is no sound database.
func OpenSQLite(ctx context.Context, path string, o Options) (*SQLite, error) {
	o = o.filled()
	d := new(SQLite)
	var err error
	// WAL is a property of the file, so the writing connection has to be first.
	write := dsn(path, o, o.CacheKiB, "journal_mode(WAL)", "synchronous(FULL)", "journal_size_limit(8388608)") + "&_txlock=immediate"
	if d.Write, err = connect(ctx, write, 1); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if d.Read, err = connect(ctx, dsn(path, o, o.CacheKiB/2, "query_only(1)"), o.Readers); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s for reading: %w", path, err), d.Write.Close())
	}
	return d, nil
}

// OpenSQLiteReadOnly opens an existing database for reading, also while another
// process writes to it, and also for a user who may write neither the file nor
// its folder.
func OpenSQLiteReadOnly(ctx context.Context, path string, o Options) (*SQLite, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open %w", err)
	}
	o = o.filled()
	base := dsn(path, o, o.CacheKiB/2, "query_only(1)") + "&mode=ro"
	db, err := connect(ctx, base, o.Readers)
	if err == nil {
		return &SQLite{Read: db}, nil
	}
	// Without a writer there is no -shm, and a user without rights in the folder
	// cannot make one. With an empty or absent -wal nothing is missing from the
	// file itself and nobody writes, so it can be read as it is.
	wal, statErr := os.Stat(path + "-wal")
	if errors.Is(statErr, os.ErrNotExist) || (statErr == nil && wal.Size() == 0) {
		if db, immutableErr := connect(ctx, base+"&immutable=1", o.Readers); immutableErr == nil {
			return &SQLite{Read: db}, nil
		}
	}
	return nil, fmt.Errorf("open %s for reading: %w", path, err)
}

// Close closes all connections. It is safe to call twice.
func (d *SQLite) Close() error {
	var errs []error
	if d.Read != nil {
		errs = append(errs, d.Read.Close())
	}
	if d.Write != nil { // last, so that it is the one to fold the WAL into the file
		errs = append(errs, d.Write.Close())
	}
	return errors.Join(errs...)
}

func connect(ctx context.Context, dsn string, conns int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns) // opening one costs a millisecond, schema and pragmas
	if conns > 1 {
		db.SetConnMaxIdleTime(time.Minute) // then they go, and their caches with them
	}
	// A ping opens the file but reads nothing from it.
	var n int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&n); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func dsn(path string, o Options, cacheKiB int, pragmas ...string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	q := make(url.Values)
	q.Add("_pragma", "busy_timeout("+strconv.FormatInt(o.Busy.Milliseconds(), 10)+")")
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	q.Add("_pragma", "cache_size(-"+strconv.Itoa(cacheKiB)+")")
	q.Add("_pragma", "mmap_size(0)")
	q.Add("_pragma", "temp_store(MEMORY)") // no temporary files: they would fail on a full disk
	q.Add("_pragma", "foreign_keys(0)")
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}
