package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"go.uber.org/zap"
)

var errReadOnly = errors.New("the ledger is open for reading only")

// writer is the one connection that changes the ledger, with its statements
// prepared once, and what it alone has to know. Ledger.mu guards it.
type writer struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt  // that give rows
	execs map[string]*statement // that change them
	head  head
	names
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, stmts: make(map[string]*sql.Stmt), execs: make(map[string]*statement)}
	if w.head, err = readHead(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if w.names, err = readNames(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return w, nil
}

func (w *writer) Close() error {
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	for _, s := range w.execs {
		errs = append(errs, s.close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// tx is one change while it is made. Its statements are not cut short by the
// caller's context: a change takes milliseconds, and whoever asked has to know
// whether it was made.
type tx struct {
	*writer
	ctx     context.Context
	head    head // becomes the writer's when committed
	changed bool
}

// write runs change in a transaction, which is durable when write returns nil.
// A change that alters no row is not written at all.
func (l *Ledger) write(ctx context.Context, what string, change func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w == nil {
		return fmt.Errorf("%s: %w", what, errReadOnly)
	}
	t := &tx{writer: l.w, ctx: context.WithoutCancel(ctx), head: l.w.head}
	if err := t.run(change); err != nil {
		l.w.names.forget()
		return fmt.Errorf("%s: %w", what, err)
	}
	if !t.changed {
		l.w.names.forget()
		return nil
	}
	l.w.head = t.head
	l.sensors.add(l.w.names.keep())
	if err := l.mark.Set(t.head.commits); err != nil {
		l.log.Warn("ledger's mark is not written: a lost write-ahead log may go unnoticed", zap.Error(err)) // the change itself is made
	}
	return nil
}

func (t *tx) run(change func(*tx) error) error {
	if _, err := t.conn.ExecContext(t.ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := change(t)
	if err == nil && t.changed {
		t.head.commits++
		if err = t.writeHead(); err == nil {
			_, err = t.conn.ExecContext(t.ctx, "COMMIT")
		}
		if err == nil {
			return nil
		}
	}
	// On some errors SQLite has rolled back by itself, on others it has not.
	_, _ = t.conn.ExecContext(t.ctx, "ROLLBACK")
	return err
}

// exec runs a statement that changes rows and tells how many.
func (t *tx) exec(query string, args ...any) (int64, error) {
	res, err := t.change(query, args)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	if n > 0 {
		t.changed = true
	}
	return n, err
}

// insert runs an INSERT and gives the new row's id.
func (t *tx) insert(query string, args ...any) (int64, error) {
	res, err := t.change(query, args)
	if err != nil {
		return 0, err
	}
	t.changed = true
	return res.LastInsertId()
}

func (t *tx) change(query string, args []any) (driver.Result, error) {
	s := t.execs[query]
	if s == nil {
		var err error
		if s, err = newStatement(t.ctx, t.conn, query); err != nil {
			return nil, err
		}
		t.execs[query] = s
	}
	return s.exec(t.ctx, args)
}

// get reads one row into dest; false if there is none.
func (t *tx) get(query string, args []any, dest ...any) (bool, error) {
	s, err := t.prepared(query)
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(t.ctx, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// query reads rows; the caller closes them before the next statement.
func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	s, err := t.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(t.ctx, args...)
}

func (t *tx) prepared(query string) (*sql.Stmt, error) {
	if s := t.stmts[query]; s != nil {
		return s, nil
	}
	s, err := t.conn.PrepareContext(t.ctx, inOrder(query))
	if err != nil {
		return nil, err
	}
	t.stmts[query] = s
	return s, nil
}
