package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
)

// NewerError says that the database was written by a later release. Its schema
// is left alone.
type NewerError struct {
	Database int // the schema's version
	Known    int // the newest version this build knows
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("database has schema version %d, this millwright knows up to %d: run the newer release again, or move the database away", e.Database, e.Known)
}

// Migrate brings the schema up to the newest of the numbered files in the root
// of files (0001_name.sql, without gaps from 1), each in a transaction of its
// own together with the note that it was done. It runs on SQLite and PostgreSQL
// alike. Several processes may do so at the same time; on PostgreSQL call it
// inside Exclusively, where two may not create the first table together.
func Migrate(ctx context.Context, db *sql.DB, files fs.FS) error {
	scripts, err := numbered(files)
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, name TEXT NOT NULL)`); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	have, err := schemaVersion(ctx, db)
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if have > len(scripts) {
		return &NewerError{Database: have, Known: len(scripts)}
	}
	for v := have + 1; v <= len(scripts); v++ {
		if err := apply(ctx, db, files, v, scripts[v-1]); err != nil {
			return fmt.Errorf("migrate database: %s: %w", scripts[v-1], err)
		}
	}
	return nil
}

// CheckVersion returns a *NewerError for a schema of a later release, and an
// error for one that still has to be migrated, without changing it.
func CheckVersion(ctx context.Context, db *sql.DB, files fs.FS) error {
	scripts, err := numbered(files)
	if err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	have, err := schemaVersion(ctx, db)
	switch {
	case err != nil:
		return fmt.Errorf("check schema: %w", err)
	case have > len(scripts):
		return &NewerError{Database: have, Known: len(scripts)}
	case have < len(scripts):
		return fmt.Errorf("check schema: version %d, %d is needed: start the daemon of this release once", have, len(scripts))
	}
	return nil
}

func schemaVersion(ctx context.Context, db *sql.DB) (int, error) {
	var v int
	err := db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM schema_versions").Scan(&v)
	return v, err
}

// apply notes the version before it runs the script: where two processes start
// together, the second one waits at the note and then finds the work done.
func apply(ctx context.Context, db *sql.DB, files fs.FS, version int, name string) (err error) {
	script, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}()
	res, err := tx.ExecContext(ctx, "INSERT INTO schema_versions (version, name) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING", version, name)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return tx.Rollback()
	}
	if _, err := tx.ExecContext(ctx, string(script)); err != nil {
		return err
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// numbered lists the scripts in order and refuses gaps and doubles.
func numbered(files fs.FS) ([]string, error) {
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	form := regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)
	for i, name := range names {
		m := form.FindStringSubmatch(path.Base(name))
		if m == nil {
			return nil, fmt.Errorf("%s: a migration is named like 0001_name.sql", name)
		}
		if n, err := strconv.Atoi(m[1]); err != nil || n != i+1 {
			return nil, fmt.Errorf("%s: number %04d is missing or given twice", name, i+1)
		}
	}
	return names, nil
}
