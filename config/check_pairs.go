package config

import (
	"fmt"
	"maps"
	"slices"

	"millwright/internal/window"
)

// pair refuses two schedulers that would write different objects under one key,
// or whose results could not be told apart.
func (v *checker) pair(key string, s *Scheduler, otherKey string, other *Scheduler) {
	if s.Name != "" && s.Name == other.Name {
		v.fault(key+".name", "is also the name of "+otherKey, "give each scheduler its own")
	}
	if s.Output.Bucket != "" && s.Output.Bucket == other.Output.Bucket && s.Output.Prefix == other.Output.Prefix {
		v.fault(key+".output", fmt.Sprintf("is also the output of %s: the results of one would overwrite those of the other", otherKey), "give each scheduler its own prefix")
	}
	c, ok := window.Collide(s.Keys(), other.Keys())
	if !ok {
		return
	}
	if why := different(s, other, c); why != "" {
		v.fault(key+".input", fmt.Sprintf("windows of %s and of %s's %s can have the same key, but their %s", c.A, otherKey, c.B, why),
			"give each scheduler its own prefix, or make them the same")
	}
}

// different says what keeps two schedulers with the same keys from being one
// stream; empty when nothing does.
func different(a, b *Scheduler, c window.Collision) string {
	switch {
	case c.A != c.B || a.Naming() != b.Naming():
		return "names are made differently"
	case a.DataUploadFrequency != b.DataUploadFrequency:
		return "frequencies differ"
	case a.TargetSamplingRate != b.TargetSamplingRate:
		return "sampling rates differ"
	case !sameResample(a.Resample, b.Resample):
		return "resampling differs"
	case !slices.Equal(a.Schema[c.A], b.Schema[c.A]):
		return "schemas differ"
	case a.Late.OnConflict != b.Late.OnConflict || a.Late.RequireRealRows != b.Late.RequireRealRows:
		return "rules for conflicts or held rows differ"
	default:
		return ""
	}
}

func sameResample(a, b Resample) bool {
	return a.Aggregate == b.Aggregate && a.Label == b.Label && a.Fill == b.Fill && a.MaxGap == b.MaxGap &&
		maps.Equal(a.Sensors, b.Sensors)
}
