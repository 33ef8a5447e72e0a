package upload

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"millwright/internal/objstore"
)

// A survey may leave keys open, but what it says is true, and it costs few
// requests.
func TestSurveyTellsTheTruth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		u := New(nil, m, time.Now, Settings{Instance: "gw"}, zap.NewNop())
		const span = 5000
		density := rapid.SampledFrom([]int{1, 3, 50, 1000}).Draw(t, "density")
		for i := range span {
			if i%density == 0 {
				key := fmt.Sprintf("in/k%05d.csv", i)
				m.objects["b/"+key] = objstore.Info{Key: key, Size: int64(i), ETag: "e"}
			}
		}
		keys := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf("%s/k%05d.csv", rapid.SampledFrom([]string{"in", "in", "in", "other"}).Draw(t, "dir"), rapid.IntRange(0, span+50).Draw(t, "i"))
		}), 1, 400, rapid.ID[string]).Draw(t, "keys")
		got := u.survey(t.Context(), "b", keys)
		known := 0
		for i, s := range got {
			in, there := m.objects["b/"+keys[i]]
			switch {
			case s.at.IsZero():
			case s.absent == there:
				t.Fatalf("%s: absent %v, there %v", keys[i], s.absent, there)
			case there && s.info.Size != in.Size:
				t.Fatalf("%s: %+v", keys[i], s.info)
			default:
				known++
			}
		}
		if m.lists > 6+known/8 {
			t.Fatalf("%d listings settled %d of %d keys", m.lists, known, len(keys))
		}
	})
}

func TestSurveyOfAContiguousRangeIsOnePage(t *testing.T) {
	t.Parallel()
	m := newMemory()
	u := New(nil, m, time.Now, Settings{Instance: "gw"}, zap.NewNop())
	var keys []string
	for i := range 500 {
		keys = append(keys, fmt.Sprintf("in/k%05d.csv", 2000+i))
	}
	for i := range 10_000 {
		key := fmt.Sprintf("in/k%05d.csv", i)
		m.objects["b/"+key] = objstore.Info{Key: key}
	}
	for i, s := range u.survey(t.Context(), "b", keys) {
		if s.at.IsZero() || s.absent {
			t.Errorf("%s not settled", keys[i])
		}
	}
	if m.lists != 1 {
		t.Errorf("%d listings", m.lists)
	}
}
