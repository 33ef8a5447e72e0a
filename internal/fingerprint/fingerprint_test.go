package fingerprint_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"millwright/internal/fingerprint"
)

func maker(t testing.TB, key byte) *fingerprint.Maker {
	m, err := fingerprint.With([16]byte{key})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// It does not matter in what pieces a content comes, and every bit of it does.
func TestPiecesMakeTheSumOfTheWhole(t *testing.T) {
	t.Parallel()
	m, other := maker(t, 1), maker(t, 2)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 300), rapid.SampledFrom([]int{1<<16 - 1, 1 << 16, 1<<16 + 1, 1 << 17, 200_000})).Draw(rt, "bytes")
		content := make([]byte, n)
		for i := range content {
			content[i] = byte(i * i >> 3)
		}
		whole := m.Sum(content)
		d := m.New()
		for left := content; len(left) > 0; {
			k := min(len(left), rapid.IntRange(1, 1<<17).Draw(rt, "piece"))
			if w, err := d.Write(left[:k]); w != k || err != nil {
				rt.Fatal(w, err)
			}
			left = left[k:]
		}
		if d.Sum() != whole {
			rt.Fatal("the sum depends on the pieces")
		}
		if other.Sum(content) == whole && n > 0 {
			rt.Fatal("the sum is the same under another key")
		}
		if m.Sum(append(bytes.Clone(content), 0)) == whole {
			rt.Fatal("a byte at the end changes nothing")
		}
		if n == 0 {
			return
		}
		content[rapid.IntRange(0, n-1).Draw(rt, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		if m.Sum(content) == whole {
			rt.Fatal("a bit changes nothing")
		}
	})
}

func TestKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	var sums [3][32]byte
	for i := range sums {
		if i == 2 { // cut
			if err := os.Truncate(path, 7); err != nil {
				t.Fatal(err)
			}
		}
		m, anew, err := fingerprint.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if anew != (i != 1) {
			t.Errorf("open %d: the key was made anew: %v", i, anew)
		}
		sums[i] = m.Sum([]byte("content"))
	}
	if sums[0] != sums[1] {
		t.Error("the same key makes other sums")
	}
	if sums[1] == sums[2] {
		t.Error("a new key is the old one")
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key may be read by others: %v %v", st, err)
	}
	if _, _, err := fingerprint.Open(filepath.Join(path, "below")); err == nil {
		t.Error("a file as a folder is taken")
	}
	if _, _, err := fingerprint.Open(filepath.Dir(path)); err == nil || !strings.Contains(err.Error(), "in its place") {
		t.Errorf("a folder in its place: %v", err)
	}
}

func BenchmarkSum(b *testing.B) {
	m, content := maker(b, 1), make([]byte, 50_000)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		m.Sum(content)
	}
}
