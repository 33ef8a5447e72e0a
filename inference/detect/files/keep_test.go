package files

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/inference/detect/frame"
)

// many is a Source of three megabytes that counts how often it is read.
type many struct{ passes int }

func (m *many) Names() []frame.Name { return make([]frame.Name, 3) }

func (m *many) Each(ctx context.Context, fn func(int64, []float64) error) error {
	m.passes++
	for i := range int64(100_000) {
		if err := fn(i, []float64{float64(i), math.NaN(), -1}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func rowsOf(t *testing.T, src frame.Source) (labels []int64, cells []float64) {
	t.Helper()
	err := src.Each(t.Context(), func(label int64, row []float64) error {
		labels, cells = append(labels, label), append(cells, row...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return labels, cells
}

func TestKeptRowsAreReadOnce(t *testing.T) {
	t.Parallel()
	m := &many{}
	k := Keep(&Source{}, m, t.TempDir(), func(err error) { t.Error(err) })
	stop := errors.New("stop")
	if err := k.Each(t.Context(), func(label int64, _ []float64) error {
		if label == 70_000 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Error(err)
	}
	labels, cells := rowsOf(t, k)
	again, same := rowsOf(t, k)
	if m.passes != 2 {
		t.Errorf("%d passes: the one that was stopped, and one", m.passes)
	}
	if !slices.Equal(labels, again) || !slices.EqualFunc(cells, same, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
		t.Error("other rows the second time")
	}
	if err := errors.Join(k.Close(), k.Close()); err != nil {
		t.Error(err)
	}
	if rowsOf(t, k); m.passes != 3 {
		t.Error("closed, it does not read the source")
	}
}

func TestRowsThatCannotBeKeptAreReadAgain(t *testing.T) {
	t.Parallel()
	m, told := &many{}, 0
	k := Keep(&Source{}, m, filepath.Join(t.TempDir(), "gone"), func(err error) {
		if told++; !strings.Contains(err.Error(), "TMPDIR") {
			t.Error(err)
		}
	})
	defer k.Close()
	labels, _ := rowsOf(t, k)
	again, _ := rowsOf(t, k)
	if m.passes != 2 || told != 1 || !slices.Equal(labels, again) {
		t.Errorf("%d passes, told %d times", m.passes, told)
	}
}

func TestFilesThatAreSlowToReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "dense.csv", "Timestamp,a\n"+strings.Repeat("2025-01-01T00:00:30,10\n", 100))
	write(t, dir, "plain.csv", "Timestamp,a\n2025-01-01T00:01:00,10\n2025-01-01T00:02:00,10\n")
	for name, slow := range map[string]bool{"dense.csv": true, "plain.csv": false} {
		src, err := Open(t.Context(), []File{{filepath.Join(dir, name), "c"}}, Options{Rate: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if src.Slow() != slow {
			t.Errorf("%s: slow %v", name, !slow)
		}
	}
}
