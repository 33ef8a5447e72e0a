package store_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"

	"millwright/inference/store"
	"millwright/internal/sqldb"
)

func TestProcessesThatStartTogether(t *testing.T) {
	t.Parallel()
	for name, make := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := make(t)
			also := func(ctx context.Context, db *sql.DB, postgres bool) error { // as the job queue's tables are made
				_, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY)")
				return err
			}
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() {
					s, err := store.Open(t.Context(), store.Options{Database: database, Conns: 1, Also: also})
					if err != nil {
						t.Error(err)
						return
					}
					if err := errors.Join(s.Close(), s.Close()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		})
	}
}

func TestStateAndJobChangeTogether(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		db, _ := s.DB()
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE jobs (id BIGINT PRIMARY KEY)"); err != nil {
			t.Fatal(err)
		}
		insert := func(id int, fails error) error {
			d := s.newDataset("d")
			return s.try(func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.SQL().ExecContext(ctx, "INSERT INTO jobs VALUES ($1)", id); err != nil {
					return err
				}
				return errors.Join(tx.CreateDataset(ctx, d), fails)
			})
		}
		no := errors.New("no")
		if err := insert(1, no); !errors.Is(err, no) {
			t.Error(err)
		}
		if err := insert(2, nil); err != nil {
			t.Error(err)
		}
		if err := insert(3, nil); !errors.Is(err, store.ErrConflict) {
			t.Error(err)
		}
		var id, n int
		if err := db.QueryRowContext(t.Context(), "SELECT min(id), count(*) FROM jobs").Scan(&id, &n); err != nil || id != 2 || n != 1 {
			t.Error(id, n, err)
		}
	})
}

func TestPanicInATransactionLeavesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		d := s.newDataset("d")
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = s.try(func(ctx context.Context, tx *store.Tx) error {
				if err := tx.CreateDataset(ctx, d); err != nil {
					t.Error(err)
				}
				panic("x")
			})
		}()
		s.do(func(ctx context.Context, tx *store.Tx) error { return tx.CreateDataset(ctx, d) })
	})
}

func TestTxEndsWithItsContext(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Tx(ctx, func(tx *store.Tx) error {
			cancel()
			return tx.CreateDataset(ctx, s.newDataset("d"))
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		_, err = s.Dataset(t.Context(), account, "d")
		is(t, "cancelled", err, store.ErrNotFound, "")
	})
}

func TestSchemaOfALaterReleaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		db, _ := s.DB()
		if _, err := db.ExecContext(t.Context(), "INSERT INTO schema_versions VALUES (99, 'later')"); err != nil {
			t.Fatal(err)
		}
		var newer *sqldb.NewerError
		if other, err := store.Open(t.Context(), store.Options{Database: s.database}); !errors.As(err, &newer) {
			t.Error(other, err)
		}
	})
}

func TestErrorsSayWhatIsTheMatter(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"dataset pump: not found":                             &store.Error{Kind: store.ErrNotFound, Resource: "dataset", Name: "pump"},
		"model m: conflict: it is FAILED: train it again":     &store.Error{Kind: store.ErrConflict, Resource: "model", Name: "m", State: "FAILED", Reason: "train it again"},
		"datasets: page token is not of this list: try again": &store.Error{Kind: store.ErrToken, Resource: "datasets", Reason: "try again"},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
