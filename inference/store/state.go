package store

import (
	"context"
	"fmt"
	"slices"
)

// phase is a state of a resource: the machines say where each one leads.
type phase interface {
	~string
	leadsTo() []string
}

// may refuses a move that the machine of from does not have.
func may[S phase](resource, name string, from, to S) error {
	if !slices.Contains(from.leadsTo(), string(to)) {
		return inState(resource, name, from, "it cannot become "+string(to))
	}
	return nil
}

// swap writes all columns of a row if its status is still from. Within one
// transaction nothing else can have changed it since it was read; the condition
// holds even where somebody read it earlier.
func (t *Tx) swap(ctx context.Context, table, columns string, keys int, values []any, resource, name, from string) error {
	n, err := t.exec(ctx, updateAll(table, columns, keys), append(values, from)...)
	if err != nil {
		return fmt.Errorf("change %s %s: %w", resource, name, err)
	}
	if n == 0 {
		return inState(resource, name, "", "it was "+from+" and has changed meanwhile")
	}
	return nil
}

// create inserts a row; the error is a conflict where its name, id or place is
// taken already.
func (t *Tx) create(ctx context.Context, table, columns string, values []any, resource, name string) error {
	n, err := t.exec(ctx, insertInto(table, columns), values...)
	if err != nil {
		return fmt.Errorf("create %s %s: %w", resource, name, err)
	}
	if n == 0 {
		return exists(resource, name)
	}
	return nil
}

// within refuses one more where query counts limit already.
func (t *Tx) within(ctx context.Context, limit int, resource, name, what, query string, args ...any) error {
	if limit <= 0 {
		return nil
	}
	n, err := t.count(ctx, query, args...)
	if err != nil {
		return err
	}
	if n >= int64(limit) {
		return &Error{Kind: ErrQuota, Resource: resource, Name: name, Reason: fmt.Sprintf("%s: at most %d", what, limit)}
	}
	return nil
}

// unused refuses with reason where query counts any.
func (t *Tx) unused(ctx context.Context, resource, name, reason, query string, args ...any) error {
	n, err := t.count(ctx, query, args...)
	if err != nil {
		return err
	}
	if n > 0 {
		return &Error{Kind: ErrConflict, Resource: resource, Name: name, Reason: reason}
	}
	return nil
}

// forget deletes rows that hang on one that is being deleted.
func (t *Tx) forget(ctx context.Context, statements []string, args ...any) error {
	for _, s := range statements {
		if _, err := t.exec(ctx, s, args...); err != nil {
			return fmt.Errorf("delete: %w", err)
		}
	}
	return nil
}
