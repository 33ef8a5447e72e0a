package seal

import (
	"context"
	"slices"
	"testing"
)

// A sensor that comes once windows were sealed is told of, once; one of the
// first rows is not, and neither is one under a schema.
func TestAColumnThatComesLaterIsTold(t *testing.T) {
	t.Parallel()
	for _, schema := range [][]string{nil, {"flow"}} {
		st := stream()
		st.Schema = schema
		r := newRig(t, t.TempDir(), newMemory(), clock(t, "10:00:00"), st)
		var told []string
		r.sealer.settings.Widened = func(_ context.Context, component string, sensors []string) {
			told = append(told, component+":"+slices.Sorted(slices.Values(sensors))[0])
		}
		r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
		r.now = clock(t, "10:05:01")
		r.seal()
		if len(told) != 0 {
			t.Errorf("told of %v at the start", told)
		}
		stray := pump(t, "b.csv", "10:05:00", "10:10:00", 1)
		stray.sensors = []string{"stray"}
		for range 2 {
			r.take(stray)
			r.seal()
		}
		if want := len(schema) == 0; want != slices.Equal(told, []string{"pump:stray"}) {
			t.Errorf("schema %v: told of %v", schema, told)
		}
	}
}
