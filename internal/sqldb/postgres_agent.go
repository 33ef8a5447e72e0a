//go:build agent

package sqldb

import (
	"context"
	"database/sql"
	"errors"
)

// PostgresOptions are without effect in this build.
type PostgresOptions struct {
	Conns int
	Name  string
}

// OpenPostgres always fails: the gateway's build has no driver for PostgreSQL.
func OpenPostgres(context.Context, string, PostgresOptions) (*sql.DB, error) {
	return nil, errors.New("open database: this build knows SQLite only: use the full build of millwright")
}
