//go:build !agent

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// PostgresOptions say how PostgreSQL is connected to. The zero value is right
// for one node of several.
type PostgresOptions struct {
	Conns int    // open at a time; default 16
	Name  string // shown in pg_stat_activity; default "millwright"
}

// OpenPostgres connects to the database that dsn names (a postgres:// URL or
// key=value words), and fails when it does not answer. Sessions of a node that
// hangs or has lost its network end within about a minute, and with them their
// locks.
func OpenPostgres(ctx context.Context, dsn string, o PostgresOptions) (*sql.DB, error) {
	if o.Conns <= 0 {
		o.Conns = 16
	}
	if o.Name == "" {
		o.Name = "millwright"
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err) // pgx leaves the password out
	}
	for name, value := range map[string]string{
		"application_name":                    o.Name,
		"idle_in_transaction_session_timeout": "60s",
		"tcp_keepalives_idle":                 "20",
		"tcp_keepalives_interval":             "10",
		"tcp_keepalives_count":                "3",
		"tcp_user_timeout":                    "60s",
	} {
		if _, given := config.RuntimeParams[name]; !given {
			config.RuntimeParams[name] = value
		}
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(o.Conns)
	db.SetMaxIdleConns(o.Conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return db, nil
}
