package take_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/ingest/take"
	"millwright/internal/drop"
	"millwright/internal/fingerprint"
	"millwright/internal/ledger"
)

type everything struct{}

func (everything) Accept(string) (oldest, newest int64, ok bool, why string) {
	return math.MinInt64, math.MaxInt64, true, ""
}

func (everything) Unsure() bool { return false }

var _ take.Ledger = (*ledger.Ledger)(nil)

// With the real ledger, across restarts: a file that grows, one that is the same
// again, one that is refused, one that is hopeless.
func TestWithTheLedger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	drops := filepath.Join(dir, "pump-7")
	if err := os.Mkdir(drops, 0o750); err != nil {
		t.Fatal(err)
	}
	age := 10 * time.Hour
	put := func(name, text string) {
		age -= time.Minute
		at := time.Now().Add(-age)
		if err := os.WriteFile(filepath.Join(drops, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(drops, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	log := zaptest.NewLogger(t)
	prints, _, err := fingerprint.Open(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	run := func() map[string]drop.Drop {
		t.Helper()
		l, err := ledger.Open(t.Context(), dir, log)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		dirs := take.Dirs{Segments: filepath.Join(dir, "segments"), Quarantine: filepath.Join(dir, "quarantine"), Prints: prints}
		taker := take.New([]take.Folder{{Path: drops}}, l, everything{}, dirs, take.Limits{}, time.Now, log)
		listing, err := taker.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		taken, refs, err := taker.Take(t.Context(), listing.Candidates)
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range refs {
			if ref.Drop == 0 || ref.Component != "pump-7" {
				t.Errorf("%+v", ref)
			}
		}
		if again, err := taker.List(t.Context()); err != nil || len(again.Candidates) != 0 {
			t.Errorf("listed again: %+v %v", again, err)
		}
		byName := map[string]drop.Drop{}
		for _, d := range taken {
			byName[d.Name] = d
			t.Logf("%s: %s, version %d, %+v: %s", d.Name, d.State, d.Version, d.Counts, d.Reason)
		}
		return byName
	}
	text := "Timestamp,flow\n2026-01-05 10:00:00,1\n2026-01-05 10:01:00,2\n"
	put("grows.csv", text)
	put("same.csv", text)
	put("clash.csv", "Timestamp,a b,a_b\n2026-01-05 10:00:00,1,2\n")
	put("hopeless.csv", "Timestamp,flow\nyesterday,1\ntoday,2\n")
	d := run()
	for name, want := range map[string]drop.State{"grows.csv": drop.Taken, "same.csv": drop.Repeat, "clash.csv": drop.Refused, "hopeless.csv": drop.Quarantined} {
		if d[name].State != want {
			t.Errorf("%s is %+v, want %s", name, d[name], want)
		}
	}
	if d := run(); len(d) != 0 {
		t.Errorf("after a restart: %+v", d)
	}
	put("grows.csv", text+"2026-01-05 10:02:00,3\n")
	put("same.csv", text+"2026-01-05 10:02:00,4\n")
	d = run()
	for _, name := range []string{"grows.csv", "same.csv"} {
		if g := d[name]; g.State != drop.Taken || g.Part.From != int64(len(text)) || g.Counts.Open != 1 {
			t.Errorf("%s: %+v", name, g)
		}
	}
	put("grows.csv", fmt.Sprintf("%s2026-01-05 10:02:00,7\n", text))
	if g := run()["grows.csv"]; g.Version != 2 || g.Part.From != 0 {
		t.Errorf("corrected: %+v", g)
	}
}
