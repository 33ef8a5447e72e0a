package seal

import (
	"testing"

	"millwright/internal/series"
)

func TestLanesShareColumnsOnlyWhereNothingDiffers(t *testing.T) {
	t.Parallel()
	known := map[string]int64{"flow": 1, "head": 2}
	base := func(change func(*Stream)) Stream {
		s := stream(change)
		s.Scheduler = "s"
		return s
	}
	a := make(alike)
	first := a.of(base(func(*Stream) {}), known)
	if again := a.of(base(func(s *Stream) { s.Component = "other" }), map[string]int64{"flow": 7, "head": 9}); again != first {
		t.Error("columns of two components with the same sensors are not shared")
	}
	for name, c := range map[string]*columns{
		"sensors":   a.of(base(func(*Stream) {}), map[string]int64{"flow": 1}),
		"schema":    a.of(base(func(s *Stream) { s.Schema = []string{"head", "flow"} }), known),
		"aggregate": a.of(base(func(s *Stream) { s.Sensors = map[string]series.Spec{"head": {Aggregate: series.AggregateMax}} }), known),
		"gap":       a.of(base(func(s *Stream) { s.Spec.MaxGap = series.NoMaxGap }), known),
	} {
		if c == first {
			t.Errorf("columns are shared although %s differ", name)
		}
	}
	for range 2 * mostAlike {
		known[string(rune('a'+len(known)%26))+string(rune('0'+len(known)))] = 1
		a.of(base(func(*Stream) {}), known)
	}
	if len(a) > mostAlike {
		t.Errorf("%d are kept", len(a))
	}
}
