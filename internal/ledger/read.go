package ledger

import (
	"context"
	"database/sql"
	"sync"
)

// reads is the pool of reading connections for questions that are asked once
// per drop or window: it keeps their statements, since parsing one costs ten
// times what the answer does. Queries must be constants, or the statements
// would pile up.
type reads struct {
	db    *sql.DB
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func (r *reads) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.stmts[query]; s != nil {
		return s, nil
	}
	s, err := r.db.PrepareContext(ctx, inOrder(query))
	if err != nil {
		return nil, err
	}
	if r.stmts == nil {
		r.stmts = make(map[string]*sql.Stmt)
	}
	r.stmts[query] = s
	return s, nil
}

// QueryContext implements querier. An answer takes microseconds and is not cut
// short: watching ctx meanwhile would cost a goroutine or two per question.
func (r *reads) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	s, err := r.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// close lets go of the statements. It is safe to call twice.
func (r *reads) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.stmts {
		_ = s.Close() // their connections are closed next
	}
	r.stmts = nil
}
