package ledger

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"millwright/internal/sqldb"
)

// filled makes a ledger of some size in a folder and closes it.
func filled(t *testing.T) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	l := openTest(t, dir)
	for n := range 20 {
		commit(t, l, manyTakings(n, 10)...)
	}
	must(t, l.Close())
	return dir, filepath.Join(dir, fileName)
}

func TestADamagedLedgerIsSetAside(t *testing.T) {
	t.Parallel()
	overwrite := func(t *testing.T, path string, off int64, b []byte) {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		must(t, err)
		_, err = f.WriteAt(b, off)
		must(t, errors.Join(err, f.Close()))
	}
	for name, damage := range map[string]func(t *testing.T, path string){
		"not a database": func(t *testing.T, path string) {
			must(t, os.WriteFile(path, bytes.Repeat([]byte("text "), 5000), 0o644))
		},
		"header":      func(t *testing.T, path string) { overwrite(t, path, 0, make([]byte, 100)) },
		"schema page": func(t *testing.T, path string) { overwrite(t, path, 100, bytes.Repeat([]byte{0xa5}, 3000)) },
		"zero page":   func(t *testing.T, path string) { overwrite(t, path, 40*4096, make([]byte, 4096)) },
		"many pages": func(t *testing.T, path string) {
			overwrite(t, path, 20*4096, bytes.Repeat([]byte{1, 0xff, 7}, 20*4096/3))
		},
		"cut off":     func(t *testing.T, path string) { must(t, os.Truncate(path, 30*4096)) },
		"half a page": func(t *testing.T, path string) { must(t, os.Truncate(path, 4096+100)) },
		"a folder": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o755))
		},
		"another database": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			d, err := sqldb.OpenSQLite(t.Context(), path, sqldb.Options{})
			must(t, err)
			_, err = d.Write.Exec("CREATE TABLE head (id INTEGER PRIMARY KEY); CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, name TEXT); INSERT INTO schema_versions VALUES (1, 'x')")
			must(t, errors.Join(err, d.Close()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, path := filled(t)
			damage(t, path)
			l := openTest(t, dir)
			if !l.Fresh() || l.SetAside() == "" {
				t.Fatal("the damage went unnoticed")
			}
			if _, err := os.Lstat(l.SetAside()); err != nil {
				t.Error(err)
			}
			commit(t, l, aTaking("a.csv", "s", 5, 0))
			must(t, l.Close())
			if l = openTest(t, dir); l.Fresh() || l.SetAside() != "" {
				t.Error("the fresh ledger is not sound")
			}
		})
	}
}

// killed gives a copy of a ledger as a killed process leaves it.
func killed(t *testing.T) string {
	t.Helper()
	dir, to := t.TempDir(), t.TempDir()
	l := openTest(t, dir)
	commit(t, l, aTaking("a.csv", "s", 5, 0))
	commit(t, l, aTaking("b.csv", "s", 5, 0))
	for _, name := range []string{fileName, fileName + "-wal", fileName + "-shm", markName} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(to, name), b, 0o644))
	}
	return to
}

func TestALostWriteAheadLogIsNoticed(t *testing.T) {
	t.Parallel()
	dir := killed(t)
	must(t, os.Remove(filepath.Join(dir, fileName+"-wal")))
	l := openTest(t, dir)
	if !l.Fresh() || l.SetAside() == "" {
		t.Error("a ledger without its last commits was taken for whole")
	}
}

func TestWhatIsNoDamage(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, dir string){
		"killed":     func(*testing.T, string) {},
		"no shm":     func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, fileName+"-shm"))) },
		"no mark":    func(t *testing.T, dir string) { must(t, os.Remove(filepath.Join(dir, markName))) },
		"empty mark": func(t *testing.T, dir string) { must(t, os.Truncate(filepath.Join(dir, markName), 0)) },
		"old mark": func(t *testing.T, dir string) { // after a power cut
			must(t, os.WriteFile(filepath.Join(dir, markName), []byte("0000000000000000001\n"), 0o644))
		},
		"opened by sqlite3": func(t *testing.T, dir string) { // which folds and removes the write-ahead log
			d, err := sqldb.OpenSQLite(t.Context(), filepath.Join(dir, fileName), sqldb.Options{})
			must(t, err)
			must(t, d.Close())
		},
		"torn end of the log": func(t *testing.T, dir string) { // a commit that was never told to be durable
			f, err := os.OpenFile(filepath.Join(dir, fileName+"-wal"), os.O_WRONLY|os.O_APPEND, 0)
			must(t, err)
			_, err = f.Write(bytes.Repeat([]byte{3}, 5000))
			must(t, errors.Join(err, f.Close()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := killed(t)
			change(t, dir)
			l := openTest(t, dir)
			if l.Fresh() || l.SetAside() != "" {
				t.Error("a sound ledger was set aside")
			}
			if d := commit(t, l, aTaking("c.csv", "s", 5, 0))[0]; d.ID != 3 {
				t.Error(d.ID)
			}
		})
	}
}

func TestALedgerThatIsGoneIsFresh(t *testing.T) {
	t.Parallel()
	dir := killed(t)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		must(t, os.Remove(filepath.Join(dir, fileName+suffix)))
	}
	l := openTest(t, dir)
	if !l.Fresh() || !l.Lost() || l.SetAside() != "" {
		t.Error(l.Fresh(), l.Lost(), l.SetAside())
	}
}

func TestANewerLedgerIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir, path := filled(t)
	d, err := sqldb.OpenSQLite(t.Context(), path, sqldb.Options{})
	must(t, err)
	_, err = d.Write.Exec("INSERT INTO schema_versions VALUES (999, 'later')")
	must(t, errors.Join(err, d.Close()))
	var newer *sqldb.NewerError
	if _, err := Open(t.Context(), dir, zap.NewNop()); !errors.As(err, &newer) {
		t.Error(err)
	}
	if _, err := OpenReadOnly(t.Context(), dir); !errors.As(err, &newer) {
		t.Error(err)
	}
}

func TestAFullDiskPasses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	commit(t, l, aTaking("a.csv", "s", 5, 0))
	limit := func(query string) {
		_, err := l.w.conn.ExecContext(ctx, query)
		must(t, err)
	}
	limit("PRAGMA max_page_count = 60")
	n := 0
	for ; n < 100; n++ {
		if _, err := l.CommitTaken(ctx, manyTakings(n, 20)); err != nil {
			if !strings.Contains(err.Error(), "disk is full") || sqldb.Damaged(err) {
				t.Fatal(err)
			}
			break
		}
	}
	if n == 100 {
		t.Fatal("the disk was never full")
	}
	limit("PRAGMA max_page_count = 100000")
	if d := commit(t, l, aTaking("b.csv", "s", 5, 0))[0]; d.ID != int64(n*20+2) {
		t.Error(d.ID)
	}
	must(t, sqldb.Check(ctx, l.db.Read))
}
