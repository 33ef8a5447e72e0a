//go:build peers

package sqldb_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"millwright/internal/sqldb"
	"millwright/internal/sqldb/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func openPostgres(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sqldb.OpenPostgres(t.Context(), dsn, sqldb.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestProcessesThatStartTogetherMigratePostgresOnce(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	var files fs.FS = fstest.MapFS{
		"0001_a.sql": {Data: []byte("CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);")},
		"0002_b.sql": {Data: []byte("INSERT INTO a VALUES (2); -- last")},
	}
	var all sync.WaitGroup
	for range 8 {
		db := openPostgres(t, dsn)
		all.Go(func() {
			err := sqldb.Exclusively(t.Context(), db, 7, func() error { return sqldb.Migrate(t.Context(), db, files) })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var n int
	if err := openPostgres(t, dsn).QueryRow("SELECT count(*) FROM a").Scan(&n); err != nil || n != 2 {
		t.Error(n, err)
	}
}

func TestPostgresErrorsAreToldApart(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, pgtest.DSN(t))
	if _, err := db.Exec("CREATE TABLE a (x BIGINT PRIMARY KEY, y TEXT NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	for query, is := range map[string]func(error) bool{
		"INSERT INTO a VALUES (1, NULL)": sqldb.Rejected,
		"SELECT z FROM a":                sqldb.Foreign,
		"SELECT 1 FROM b":                sqldb.Foreign,
	} {
		if _, err := db.Exec(query); !is(err) || sqldb.Retryable(err) || sqldb.Damaged(err) {
			t.Errorf("%s: %v", query, err)
		}
	}
	if _, err := db.Exec("INSERT INTO a VALUES (1, $1)", "\x00"); !sqldb.Rejected(err) {
		t.Error("a NUL:", err)
	}
}

func TestLostUpdateIsRetryable(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, pgtest.DSN(t))
	if _, err := db.Exec("CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (0)"); err != nil {
		t.Fatal(err)
	}
	var txs [2]*sql.Tx
	for i := range txs {
		tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		var x int
		if err := tx.QueryRow("SELECT x FROM a").Scan(&x); err != nil {
			t.Fatal(err)
		}
		txs[i] = tx
	}
	if _, err := txs[0].Exec("UPDATE a SET x = x + 1"); err != nil {
		t.Fatal(err)
	}
	if err := txs[0].Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := txs[1].Exec("UPDATE a SET x = x + 1"); !sqldb.Retryable(err) {
		t.Error(err)
	}
}

func TestOpenPostgresSaysWhatIsWrongWithoutThePassword(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://u:secret@127.0.0.1:1/x", "postgres://u:secret@[::1/x"} {
		_, err := sqldb.OpenPostgres(t.Context(), dsn, sqldb.PostgresOptions{})
		if err == nil || errors.Is(err, os.ErrNotExist) {
			t.Error(dsn, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Error("the password is told:", err)
		}
	}
}
