package sqldb

import (
	"errors"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqlState is PostgreSQL's five-character code of err, "" for none. The driver's
// error is known by its method, so that gateways need not have the driver.
func sqlState(err error) string {
	var e interface{ SQLState() string }
	if errors.As(err, &e) {
		return e.SQLState()
	}
	return ""
}

// Retryable tells whether err means that a transaction was undone for the sake
// of another one: doing all of it once more will help.
func Retryable(err error) bool {
	switch sqlState(err) {
	case "40001", "40P01": // serialization failure, deadlock
		return true
	}
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// postgresRejected and so on are what PostgreSQL says for the conditions that
// Rejected and so on ask for.
func postgresRejected(state string) bool {
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23") || strings.HasPrefix(state, "54")
}

func postgresDamaged(state string) bool { return state == "XX001" || state == "XX002" }

func postgresForeign(state string) bool {
	return state == "42P01" || state == "42703" // no such table, no such column
}
