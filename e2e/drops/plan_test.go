package drops

import (
	"bytes"
	"testing"
	"time"
)

func plan(seed uint64) Plan {
	return Plan{
		Seed: seed, Components: []string{"pump", "motor"}, Sensors: []string{"flow", "speed"},
		From: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), For: 2 * time.Hour, Step: 5 * time.Second, File: time.Minute,
		Empty: 0.02, Gaps: 0.1, Disorder: 0.2, Corrected: 0.1, Repeated: 0.1,
	}
}

func TestSamePlanSameDrops(t *testing.T) {
	t.Parallel()
	a, b := plan(1).Drops(), plan(1).Drops()
	if len(a) != len(b) || len(a) <= 240 {
		t.Fatalf("%d and %d drops", len(a), len(b))
	}
	for i := range a {
		if a[i].Path != b[i].Path || !a[i].At.Equal(b[i].At) || !bytes.Equal(a[i].Content, b[i].Content) {
			t.Fatalf("drop %d differs", i)
		}
		if i > 0 && a[i].At.Before(a[i-1].At) {
			t.Fatalf("drop %d is out of order", i)
		}
	}
	other := plan(2).Drops()
	if len(other) > 0 && bytes.Equal(other[0].Content, a[0].Content) {
		t.Error("the seed changes nothing")
	}
}
