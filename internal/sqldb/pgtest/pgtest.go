//go:build peers

// Package pgtest gives tests a PostgreSQL of their own: a private cluster that
// ends with the test binary, or the server that MILLWRIGHT_TEST_POSTGRES names.
// It is built with the tag peers only and knows no tables.
package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"millwright/internal/sqldb"
)

const variable = "MILLWRIGHT_TEST_POSTGRES"

// Main is to be what TestMain calls: it starts a cluster unless the environment
// names a server, runs the tests and returns their exit code.
func Main(m *testing.M) int {
	if os.Getenv(variable) != "" {
		return m.Run()
	}
	runtime.LockOSThread()
	stop, dsn, err := start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "start PostgreSQL:", err)
		return 1
	}
	defer stop()
	if err := os.Setenv(variable, dsn); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// DSN makes an empty schema that is dropped after the test, and returns a URL
// whose connections see nothing else.
func DSN(t testing.TB) string {
	t.Helper()
	base := os.Getenv(variable)
	if base == "" {
		t.Fatal("no PostgreSQL: call pgtest.Main from TestMain")
	}
	db, err := sqldb.OpenPostgres(t.Context(), base, sqldb.PostgresOptions{Conns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	schema := fmt.Sprintf("t%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := db.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { drop(t, db, schema) })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func drop(t testing.TB, db *sql.DB, schema string) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // the test's own has ended
	defer cancel()
	if _, err := db.ExecContext(ctx, "DROP SCHEMA "+schema+" CASCADE"); err != nil {
		t.Error(err)
	}
}

// start makes a cluster below a temporary folder and runs its server, which
// listens on a socket in that folder only.
func start() (stop func(), dsn string, err error) {
	bin, err := binaries()
	if err != nil {
		return nil, "", err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	as, err := unprivileged(dir)
	if err != nil {
		return nil, "", err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--no-sync", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-U", "millwright", "-D", data)
	initdb.Dir, initdb.SysProcAttr = dir, as
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=1000")
	var log bytes.Buffer
	server.Dir, server.SysProcAttr, server.Stderr = dir, as, &log
	if err := server.Start(); err != nil {
		return nil, "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	stop = func() {
		if server.Process.Signal(syscall.SIGINT) == nil { // "fast": clients are cut off
			<-ended
		}
		os.RemoveAll(dir)
	}
	dsn = "postgres://millwright@/postgres?host=" + url.QueryEscape(dir)
	for deadline := time.Now().Add(3 * time.Minute); ; {
		db, err := sqldb.OpenPostgres(context.Background(), dsn, sqldb.PostgresOptions{Conns: 1})
		if err == nil {
			return stop, dsn, db.Close()
		}
		if time.Now().After(deadline) {
			stop()
			return nil, "", fmt.Errorf("%w: %s", err, log.String())
		}
		select {
		case err := <-ended:
			return nil, "", fmt.Errorf("postgres ended: %w: %s", err, log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// binaries is the folder of initdb and postgres: Debian keeps it out of PATH.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("%w: install Debian's postgresql, or set %s", err, variable)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// unprivileged says as whom to run: PostgreSQL refuses root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	// In a process group of its own it does not get the terminal's Ctrl-C; it ends
	// with the thread that started it, which Main keeps for the whole run.
	as := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	if os.Getuid() != 0 {
		return as, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return as, os.Chown(dir, int(uid), int(gid))
}
