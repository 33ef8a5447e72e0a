//go:build peers

package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"millwright/inference/store"
	"millwright/internal/sqldb/pgtest"
)

// A node's session ends in the middle of a transaction, as by kill -9 or a lost
// network: what it wrote is undone, the other node is not held up, and the
// node's next transaction has a new session.
func TestSessionCutOffInTheMiddle(t *testing.T) {
	t.Parallel()
	s := newSuite(t, pgtest.DSN(t), store.Quotas{})
	node := s.open(store.Quotas{})
	ctx := t.Context()
	d := s.dataset("d")
	move := func(tx *store.Tx) error {
		_, err := tx.MoveDataset(ctx, d.ID, store.DatasetIngesting, s.now, nil)
		return err
	}
	err := node.Tx(ctx, func(tx *store.Tx) error {
		if err := move(tx); err != nil {
			return err
		}
		var pid int
		if err := tx.SQL().QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			return err
		}
		db, _ := s.DB()
		if _, err := db.ExecContext(ctx, "SELECT pg_terminate_backend($1)", pid); err != nil {
			return err
		}
		return tx.PutTags(ctx, d.ARN, []store.Tag{{Key: "k"}})
	})
	if err == nil || errors.Is(err, store.ErrConflict) {
		t.Error("a transaction without a session:", err)
	}
	soon, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := s.Tx(soon, move); err != nil {
		t.Error("the other node:", err)
	}
	is(t, "the node itself", node.Tx(ctx, move), store.ErrConflict, "INGESTION_IN_PROGRESS")
}
