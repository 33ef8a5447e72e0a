package window

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCollide(t *testing.T) {
	t.Parallel()
	base := func() Keys {
		return Keys{Bucket: "plant", Naming: Naming{Prefix: "in/", Delimiter: "-"}, Frequency: 5 * time.Minute, Components: []string{"pump", "fan"}}
	}
	for _, c := range []struct {
		name   string
		change func(*Keys)
		want   bool
	}{
		{"the same", func(*Keys) {}, true},
		{"another frequency", func(k *Keys) { k.Frequency = time.Hour }, true},
		{"another bucket", func(k *Keys) { k.Bucket = "other" }, false},
		{"another prefix", func(k *Keys) { k.Naming.Prefix = "in2/" }, false},
		{"another delimiter", func(k *Keys) { k.Naming.Delimiter = "_" }, false},
		{"other components", func(k *Keys) { k.Components = []string{"mill"} }, false},
		{"one shared component", func(k *Keys) { k.Components = []string{"mill", "fan"} }, true},
		{"delimiter in the component", func(k *Keys) { k.Naming.Delimiter, k.Components = "", []string{"fan-"} }, true},
		{"an offset that the grid has", func(k *Keys) { k.Naming.Offset = 2 * time.Hour }, true},
		{"an offset beside the grid", func(k *Keys) { k.Naming.Offset = 2*time.Hour + time.Minute }, false},
		{"another calendar format", func(k *Keys) { k.Naming.Format = FormatDashed }, false},
		{"seconds", func(k *Keys) { k.Naming.Format = FormatEpoch }, false},
		{"seconds with a year in the name", func(k *Keys) {
			k.Naming.Format, k.Naming.Delimiter, k.Components = FormatEpoch, "", []string{"fan-2026"}
		}, true},
	} {
		other := base()
		c.change(&other)
		_, got := Collide(base(), other)
		if _, back := Collide(other, base()); got != c.want || back != c.want {
			t.Errorf("%s: %v, the other way %v, want %v", c.name, got, back, c.want)
		}
	}
}

// Keys that are found equal must have been foretold.
func TestCollideMissesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (Keys, string) {
			k := Keys{
				Naming: Naming{
					Delimiter: rapid.SampledFrom([]string{"-", ""}).Draw(t, name+" delimiter"),
					Format:    rapid.SampledFrom(formats()).Draw(t, name+" format"),
					Offset:    time.Duration(rapid.SampledFrom([]int{0, 5, 30, -30, 7}).Draw(t, name+" offset")) * time.Minute,
				},
				Frequency:  rapid.SampledFrom(Frequencies()).Draw(t, name+" frequency"),
				Components: []string{rapid.SampledFrom([]string{"p", "p-", "p--", "p2026"}).Draw(t, name+" component")},
			}
			start := rapid.Int64Range(0, 24).Draw(t, name+" window") * int64(k.Frequency)
			return k, k.Naming.Key(k.Components[0], 1_767_225_600_000_000_000+start)
		}
		a, ka := draw("a")
		b, kb := draw("b")
		if _, ok := Collide(a, b); ka == kb && !ok {
			t.Fatalf("both have the key %q", ka)
		}
	})
}
