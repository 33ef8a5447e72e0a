package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Reader has the methods that read. Those of a Store see what was committed
// last; those of a Tx what the transaction sees.
type Reader struct{ q querier }

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// one reads one row; without one the error is resource's ErrNotFound.
func one[T any](ctx context.Context, r Reader, scan func(scanner) (T, error), resource, name, query string, args ...any) (T, error) {
	var none T
	if err := storable(args); err != nil {
		return none, notFound(resource, name) // what cannot be stored is not there
	}
	v, err := scan(r.q.QueryRowContext(ctx, query, args...))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return none, notFound(resource, name)
	case err != nil:
		return none, fmt.Errorf("read %s %s: %w", resource, name, err)
	}
	return v, nil
}

// many reads all rows.
func many[T any](ctx context.Context, r Reader, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := r.q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

func scanInt(s scanner) (n int64, err error) { return n, s.Scan(&n) }

// count runs a query that gives one number.
func (r Reader) count(ctx context.Context, query string, args ...any) (int64, error) {
	n, err := scanInt(r.q.QueryRowContext(ctx, query, args...))
	if err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	return n, nil
}

// exec changes rows and tells how many.
func (t *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := storable(args); err != nil {
		return 0, err
	}
	res, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// storable refuses texts that PostgreSQL cannot hold, so that both databases
// take the same.
func storable(args []any) error {
	for _, a := range args {
		if s, ok := a.(string); ok && (strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s)) {
			return &Error{Kind: ErrInvalid, Resource: "text " + strconv.Quote(s[:min(len(s), 40)]), Reason: "it has a NUL, or is no UTF-8"}
		}
	}
	return nil
}

// insertInto and updateAll write statements whose parameters are the columns in
// their order. A row whose key is taken already is left alone.
func insertInto(table, columns string) string {
	return insertRows(table, columns, 1) + onConflictNothing
}

const onConflictNothing = " ON CONFLICT DO NOTHING"

// insertRows writes a statement that inserts so many rows, one row's parameters after
// the other's.
func insertRows(table, columns string, rows int) string {
	n := strings.Count(columns, ",") + 1
	var b strings.Builder
	b.WriteString("INSERT INTO " + table + " (" + columns + ") VALUES ")
	for i := range n * rows {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%n == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	b.WriteString(")")
	return b.String()
}

// insertMost is rows in a statement. SQLite looks its parameters up one by one: with
// hundreds of rows that takes longer than the insertion.
const insertMost = 16

// insertMany inserts rows of columns; onConflict ends each statement.
func (t *Tx) insertMany(ctx context.Context, table, columns, onConflict string, rows [][]any) (err error) {
	var insert *sql.Stmt
	for prepared := 0; len(rows) > 0; {
		n := min(len(rows), insertMost)
		if n != prepared {
			if insert, err = t.tx.PrepareContext(ctx, insertRows(table, columns, n)+onConflict); err != nil {
				return err
			}
			defer insert.Close() // twice at the most
			prepared = n
		}
		args := slices.Concat(rows[:n]...)
		if err := storable(args); err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// updateAll sets every column of the row whose first columns, keys of them, are
// as given and whose status is the parameter after the last column.
func updateAll(table, columns string, keys int) string {
	names := strings.Split(columns, ", ")
	var set, where []string
	for i, name := range names {
		term := name + " = $" + strconv.Itoa(i+1)
		if i < keys {
			where = append(where, term)
		} else {
			set = append(set, term)
		}
	}
	return "UPDATE " + table + " SET " + strings.Join(set, ", ") + " WHERE " + strings.Join(where, " AND ") +
		" AND status = $" + strconv.Itoa(len(names)+1)
}

// micros is a time as it is kept: microseconds, NULL for the zero time.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// instant reads what micros wrote.
type instant struct{ t *time.Time }

func (i instant) Scan(src any) error {
	switch n := src.(type) {
	case nil:
		*i.t = time.Time{}
	case int64:
		*i.t = time.UnixMicro(n).UTC()
	default:
		return fmt.Errorf("%T is no time", src)
	}
	return nil
}

// body is JSON of what is not searched for.
func body(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	return string(b), nil
}

// bodyOf reads what body wrote into v; an empty text leaves it alone.
type bodyOf struct{ v any }

func (b bodyOf) Scan(src any) error {
	var text []byte
	switch s := src.(type) {
	case string:
		text = []byte(s)
	case []byte:
		text = s
	default:
		return fmt.Errorf("%T is no JSON", src)
	}
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, b.v)
}

// prefixed puts a table's name before each column.
func prefixed(table, columns string) string {
	names := strings.Split(columns, ", ")
	for i, name := range names {
		if name != "''" {
			names[i] = table + name
		}
	}
	return strings.Join(names, ", ")
}

// lean leaves long texts out of the columns of a list.
func lean(columns string, long ...string) string {
	for _, name := range long {
		columns = strings.Replace(columns, name, "''", 1)
	}
	return columns
}
