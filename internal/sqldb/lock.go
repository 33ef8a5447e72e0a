package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Exclusively runs fn while no other process that uses the same number on the
// same PostgreSQL database does so. fn may use all connections of db but one.
func Exclusively(ctx context.Context, db *sql.DB, number int64, fn func() error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("lock database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", number); err != nil {
		return fmt.Errorf("lock database: %w", err)
	}
	defer func() {
		// Also after ctx has ended: the connection goes back to the pool.
		if _, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", number); unlockErr != nil {
			err = errors.Join(err, fmt.Errorf("unlock database: %w", unlockErr))
		}
	}()
	return fn()
}
