package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrDamaged is wrapped by Check when the database contradicts itself. Set the
// file aside and build it anew.
var ErrDamaged = errors.New("database is damaged")

// Check reads the whole SQLite database and compares its tables with themselves.
func Check(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "PRAGMA quick_check(3)")
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return fmt.Errorf("check database: %w", err)
		}
		if s != "ok" {
			return fmt.Errorf("check database: %w: %s", ErrDamaged, s)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	return nil
}

// Damaged tells whether err means that the file is no sound database: trying
// again will not help, while another file in its place will.
func Damaged(err error) bool {
	if errors.Is(err, ErrDamaged) || postgresDamaged(sqlState(err)) {
		return true
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() {
	case sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ: // sectors that cannot be read any more
		return true
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

// Foreign tells whether err means that a statement does not fit the schema: the
// database is sound, but not the one that was meant.
func Foreign(err error) bool {
	var e *sqlite.Error
	return postgresForeign(sqlState(err)) || errors.As(err, &e) && e.Code() == sqlite3.SQLITE_ERROR
}
