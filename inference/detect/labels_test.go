package detect

import (
	"math"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
)

// odd is a plant whose vibration is high in some rows.
func odd(from, to int) plant {
	return plant{seed: 60, rows: 6000, fault: func(i int, cells []float64) {
		if i >= from && i < to {
			cells[6] += 0.5
		}
	}}
}

// between is the range of rows from <= i < to.
func between(f *frame.Frame, from, to int) frame.Range {
	return frame.Range{Start: f.Labels[from], End: f.Labels[to-1]}
}

func TestNormalLabelsRaiseTheLimitAndAreListed(t *testing.T) {
	t.Parallel()
	f, s := odd(3000, 3150).frame(), odd(0, 0).settings()
	plain := train(t, f, s)
	if len(plain.Trained.Above) != 0 || plain.Trained.Trimmed < 60 {
		t.Fatalf("without labels: %+v", plain.Trained)
	}
	s.Labels.Normal = []frame.Range{between(f, 3000, 3150), between(f, 5000, 5100)}
	told := train(t, f, s)
	if told.Limit().Limit <= plain.Limit().Limit {
		t.Errorf("limit %v with the rows told to be normal, %v without", told.Limit().Limit, plain.Limit().Limit)
	}
	list := told.Trained.Above
	if len(list) != 1 || list[0].Start != s.Labels.Normal[0].Start || list[0].Rows == 0 || list[0].Peak <= told.Limit().Limit {
		t.Errorf("above the limit: %+v", list)
	}
}

func TestNormalLabelsBesideAnAnomalyAreLearnt(t *testing.T) {
	t.Parallel()
	f, s := odd(0, 0).frame(), odd(0, 0).settings()
	s.Labels.Anomaly = []frame.Range{between(f, 3000, 3100)}
	kept := func() int { k := train(t, f, s).Trained; return k.Learnt + k.Trimmed }
	out := kept()
	s.Labels.Normal = []frame.Range{between(f, 2990, 3110)}
	in := kept()
	if in <= out || in > out+20 {
		t.Errorf("%d rows count, %d with ten more on either side of the anomaly told to be normal", out, in)
	}
}

// TestUpdateListsNormalLabels also holds that older labels than the base's end do not count.
func TestUpdateListsNormalLabels(t *testing.T) {
	t.Parallel()
	f, s := odd(5000, 5100).frame(), odd(0, 0).settings()
	base := train(t, f.Between(math.MinInt64, f.Labels[4000]), s)
	s.Labels.Normal = []frame.Range{between(f, 100, 200), between(f, 5000, 5100)}
	m, err := Update(t.Context(), base, f, s, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if list := m.Trained.Above; len(list) != 1 || list[0].Start != f.Labels[5000] {
		t.Errorf("above the limit: %+v, from %s on", list, time.Unix(0, f.Labels[5000]).UTC())
	}
}
