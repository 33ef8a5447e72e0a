package diskspace_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"millwright/internal/diskspace"
)

func TestTreeFollowsNoLinks(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	for path, n := range map[string]int{filepath.Join(dir, "a"): 10, filepath.Join(dir, "b", "c"): 5, filepath.Join(outside, "big"): 1000} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"folder": outside, "file": filepath.Join(outside, "big"), "loop": "."} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := diskspace.Tree(t.Context(), dir); n != 15 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := diskspace.Tree(t.Context(), filepath.Join(dir, "none")); n != 0 || err != nil {
		t.Errorf("a folder that is not there: %d bytes, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := diskspace.Tree(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestRoom(t *testing.T) {
	t.Parallel()
	total, free, err := diskspace.Room(t.TempDir())
	if err != nil || total <= 0 || free < 0 || free > total {
		t.Errorf("%d of %d free, %v", free, total, err)
	}
	if _, _, err := diskspace.Room(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there has room")
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bytes                  int64
		exact, binary, decimal string
	}{
		{0, "0", "0 B", "0 B"},
		{999, "999", "999 B", "999 B"},
		{1000, "1kB", "1000 B", "1.0 kB"},
		{1024, "1KiB", "1.0 KiB", "1.0 kB"},
		{999_999, "999999", "976.6 KiB", "1.0 MB"},
		{1<<20 - 1, "1048575", "1.0 MiB", "1.0 MB"},
		{4 << 30, "4GiB", "4.0 GiB", "4.3 GB"},
		{5_000_000, "5MB", "4.8 MiB", "5.0 MB"},
		{math.MaxInt64, "9223372036854775807", "8388608.0 TiB", "9223372.0 TB"},
	} {
		if got := diskspace.Exact(c.bytes); got != c.exact {
			t.Errorf("%d: %s, want %s", c.bytes, got, c.exact)
		}
		if got, ok := diskspace.Parse(c.exact); !ok && c.bytes < math.MaxInt64 || ok && got != c.bytes {
			t.Errorf("%s is read as %d", c.exact, got)
		}
		if got := diskspace.Binary(c.bytes); got != c.binary {
			t.Errorf("%d: %s, want %s", c.bytes, got, c.binary)
		}
		if got := diskspace.Decimal(c.bytes); got != c.decimal {
			t.Errorf("%d: %s, want %s", c.bytes, got, c.decimal)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "1e400", "NaN", "1 XB", "9e18TB"} {
		if n, ok := diskspace.Parse(text); ok {
			t.Errorf("%q is %d bytes", text, n)
		}
	}
}
