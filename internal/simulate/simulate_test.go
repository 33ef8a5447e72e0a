package simulate

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"millwright/internal/clock"
)

func begin() time.Time { return time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) }

func TestSameSeedSameRows(t *testing.T) {
	t.Parallel()
	a, b, other := New(Options{Seed: 7}), New(Options{Seed: 7}), New(Options{Seed: 8})
	differ := false
	for _, c := range Components() {
		for i := 500; i > 0; i-- { // b is asked backwards
			at := begin().Add(time.Duration(i) * 37 * time.Second)
			back := begin().Add(time.Duration(501-i) * 37 * time.Second)
			b.Row(nil, c, back)
			if x, y := a.Row(nil, c, at), b.Row(nil, c, at); !slices.Equal(x, y) {
				t.Fatalf("%s at %s: %v and %v", c, at, x, y)
			}
			differ = differ || !slices.Equal(a.Row(nil, c, at), other.Row(nil, c, at))
		}
	}
	if !differ {
		t.Error("the seed changes nothing")
	}
}

func TestEveryModeComesAndOffIsSlow(t *testing.T) {
	t.Parallel()
	p := New(Options{Seed: 1})
	seen := map[Mode]int{}
	speed := slices.Index(Sensors("pump-7"), SpeedSensor)
	for at := begin(); at.Before(begin().Add(24 * time.Hour)); at = at.Add(time.Minute) {
		m := p.mode(blockOf(at))
		seen[m]++
		v := p.Row(nil, "pump-7", at)[speed]
		if settled := p.mode(blockOf(at.Add(-3*time.Minute))) == m; settled && (v < OffBelow) != (m == Off) {
			t.Errorf("%s: mode %d at %v rpm", at, m, v)
		}
	}
	if len(seen) != 4 || seen[Off] != 6*20 {
		t.Errorf("minutes per mode over a day: %v", seen)
	}
}

func TestFaultDevelopsSlowly(t *testing.T) {
	t.Parallel()
	from := begin().Add(6 * time.Hour)
	sick := New(Options{Fault: Fault{From: from, Over: 6 * time.Hour}})
	well := New(Options{})
	vibration := slices.Index(Sensors("pump-7"), "vibration")
	var before, after float64
	for at := begin(); at.Before(begin().Add(16 * time.Hour)); at = at.Add(time.Minute) {
		d := sick.Row(nil, "pump-7", at)[vibration] - well.Row(nil, "pump-7", at)[vibration]
		if at.Before(from) {
			before = max(before, math.Abs(d))
		} else {
			after = max(after, d)
		}
	}
	if before != 0 || after < 2 {
		t.Errorf("vibration grows by %v before the fault and %v after", before, after)
	}
	if w := sick.Wear(from.Add(3 * time.Hour)); w < 0.3 || w > 0.4 {
		t.Errorf("half way its wear is %v", w)
	}
}

func TestLoggerWritesWholeFilesAsTimePasses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewRehearsal(begin(), 60)
		l := &Logger{Plant: New(Options{}), Dir: dir, Every: 5 * time.Minute}
		ctx, cancel := context.WithTimeout(t.Context(), 16*time.Second) // 16 min of business time
		defer cancel()
		if err := l.Run(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	})
	for _, component := range Components() {
		names, err := filepath.Glob(filepath.Join(dir, component, "*"))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"_20260105T000500Z.csv", "_20260105T001000Z.csv", "_20260105T001500Z.csv"}
		if len(names) != len(want) {
			t.Fatalf("%s: got %v", component, names)
		}
		for i, name := range names {
			if filepath.Base(name) != component+want[i] {
				t.Errorf("got %s", name)
			}
			checkFile(t, name, component, begin().Add(time.Duration(i)*5*time.Minute))
		}
	}
}

// checkFile reads one file: 300 rows of one second, after from.
func checkFile(t *testing.T, name, component string, from time.Time) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 301 || !slices.Equal(rows[0][1:], Sensors(component)) {
		t.Fatalf("%s: %d rows, header %v", name, len(rows), rows[0])
	}
	p := New(Options{})
	for i, row := range rows[1:] {
		at := from.Add(time.Duration(i+1) * time.Second)
		if row[0] != at.Format(time.RFC3339) {
			t.Fatalf("row %d is stamped %s", i, row[0])
		}
		for j, v := range p.Row(nil, component, at) {
			got, err := strconv.ParseFloat(row[j+1], 64)
			if err != nil || math.Abs(got-v) > 1e-6*max(1, v) {
				t.Fatalf("row %d: %s is %s, want %v", i, rows[0][j+1], row[j+1], v)
			}
		}
	}
}

func BenchmarkRow(b *testing.B) {
	p := New(Options{})
	var row []float64
	for i := 0; b.Loop(); i++ {
		row = p.Row(row[:0], "pump-7", begin().Add(time.Duration(i)*time.Second))
	}
}
