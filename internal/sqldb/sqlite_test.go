package sqldb

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func open(t *testing.T, path string) *SQLite {
	t.Helper()
	d, err := OpenSQLite(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func pragma(t *testing.T, db *sql.DB, name string) string {
	t.Helper()
	var s string
	if err := db.QueryRow("PRAGMA " + name).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpenSQLiteSetsWhatDurabilityNeeds(t *testing.T) {
	t.Parallel()
	// Marks that mean something in a URI are part of the name.
	d := open(t, filepath.Join(t.TempDir(), "a b?c%41#d.db"))
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "busy_timeout": "10000", "cache_size": "-1024", "mmap_size": "0", "temp_store": "2",
	} {
		if got := pragma(t, d.Write, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := pragma(t, d.Read, "cache_size"); got != "-512" {
		t.Errorf("cache of readers is %s", got)
	}
	if _, err := d.Read.Exec("CREATE TABLE t (x)"); err == nil {
		t.Error("a reading connection wrote")
	}
	if d.Write.Stats().MaxOpenConnections != 1 {
		t.Error("there is more than one writer")
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error("close twice:", err)
	}
}

func TestTransactionsTakeTheLockAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	d := open(t, path)
	tx, err := d.Write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	other, err := OpenSQLite(t.Context(), path, Options{Busy: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if tx, err := other.Write.Begin(); err == nil {
		tx.Rollback()
		t.Error("a second transaction began to write")
	} else if !Retryable(err) || Rejected(err) || Damaged(err) {
		t.Error("not worth a second try:", err)
	}
}

func scripts(s ...string) fstest.MapFS {
	m := make(fstest.MapFS)
	for i, text := range s {
		m[string([]byte{'0', '0', '0', byte('1' + i)})+"_step.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	d := open(t, filepath.Join(t.TempDir(), "x.db"))
	one := "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"
	two := "ALTER TABLE a ADD COLUMN y TEXT; -- last"
	ctx := t.Context()
	if err := Migrate(ctx, d.Write, scripts(one)); err != nil {
		t.Fatal(err)
	}
	if err := CheckVersion(ctx, d.Read, scripts(one, two)); err == nil || !strings.Contains(err.Error(), "start the daemon") {
		t.Error("an older schema was not noticed:", err)
	}
	// A script that fails leaves nothing behind, and is run again next time.
	if err := Migrate(ctx, d.Write, scripts(one, "CREATE TABLE b (x); SELECT nonsense;")); err == nil || !strings.Contains(err.Error(), "0002_step.sql") {
		t.Error("no error names the script:", err)
	}
	if _, err := d.Read.Query("SELECT * FROM b"); err == nil {
		t.Error("half a migration stayed")
	}
	for range 2 {
		if err := Migrate(ctx, d.Write, scripts(one, two)); err != nil {
			t.Fatal(err)
		}
	}
	var rows int
	if err := d.Read.QueryRow("SELECT count(*) FROM a WHERE y IS NULL").Scan(&rows); err != nil || rows != 1 {
		t.Error(rows, err)
	}
	var newer *NewerError
	if err := Migrate(ctx, d.Write, scripts(one)); !errors.As(err, &newer) || newer.Database != 2 || newer.Known != 1 {
		t.Error("a newer schema was not refused:", err)
	}
	if err := CheckVersion(ctx, d.Read, scripts(one)); !errors.As(err, &newer) {
		t.Error("a newer schema was not refused:", err)
	}
}

func TestMigrateRefusesGapsAndBadNames(t *testing.T) {
	t.Parallel()
	d := open(t, filepath.Join(t.TempDir(), "x.db"))
	for _, names := range [][]string{{"0002_a.sql"}, {"0001_a.sql", "0003_b.sql"}, {"0001_a.sql", "0001_b.sql"}, {"a.sql"}} {
		m := make(fstest.MapFS)
		for _, n := range names {
			m[n] = &fstest.MapFile{}
		}
		if err := Migrate(t.Context(), d.Write, m); err == nil {
			t.Errorf("%v was accepted", names)
		}
	}
}

func TestMigrateFromSeveralProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	open(t, path)
	var wg sync.WaitGroup
	for range 4 {
		d := open(t, path)
		wg.Go(func() {
			if err := Migrate(t.Context(), d.Write, scripts("CREATE TABLE a (x);", "INSERT INTO a VALUES (1);")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n int
	if err := open(t, path).Read.QueryRow("SELECT count(*) FROM a").Scan(&n); err != nil || n != 1 {
		t.Error("the script ran", n, "times", err)
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSQLite(t.Context(), path, Options{}); !Damaged(err) {
		t.Error(err)
	}
	if _, err := OpenSQLiteReadOnly(t.Context(), path, Options{}); !Damaged(err) {
		t.Error(err)
	}
	if _, err := OpenSQLiteReadOnly(t.Context(), path+".none", Options{}); !errors.Is(err, fs.ErrNotExist) || Damaged(err) {
		t.Error(err)
	}
}

func TestCheckFindsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	d := open(t, path)
	if _, err := d.Write.Exec(`CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO a SELECT i, hex(randomblob(20)) FROM n`); err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), d.Read); err != nil {
		t.Fatal(err)
	}
	d.Close()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 4096), 5*4096); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := Check(t.Context(), open(t, path).Read); !Damaged(err) {
		t.Error(err)
	}
}

func TestFullDiskIsNoDamage(t *testing.T) {
	t.Parallel()
	d := open(t, filepath.Join(t.TempDir(), "x.db"))
	if _, err := d.Write.Exec("CREATE TABLE a (x); PRAGMA max_page_count = 10"); err != nil {
		t.Fatal(err)
	}
	_, err := d.Write.Exec("INSERT INTO a VALUES (zeroblob(1000000))")
	if err == nil || !strings.Contains(err.Error(), "disk is full") || Damaged(err) {
		t.Error(err)
	}
}
