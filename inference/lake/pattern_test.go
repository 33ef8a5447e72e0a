package lake_test

import (
	"strings"
	"testing"

	"millwright/inference/lake"
)

func TestKeyPatternFindsTheComponent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, prefix, key, known, want string
	}{
		{"", "data/", "data/pump/2021.csv", "", "pump"},
		{"{prefix}/{component_name}/*", "data/", "data/pump/2021/01.csv", "", "pump"},
		{"{prefix}/{component_name}/*", "", "pump/01.csv", "", "pump"},
		{"{prefix}/{component_name}/*", "data/", "data/pump.csv", "", ""},
		{"{prefix}/{component_name}/*", "data/", "data/pump/", "", ""},
		{"{prefix}/{component_name}/*", "data/", "other/pump/1.csv", "", ""},
		{"{prefix}/{component_name}/*", "data", "data/pump/1.csv", "", "pump"},
		{"{prefix}/{component_name}_*", "data/", "data/pump_january.csv", "", "pump"},
		{"{prefix}/{component_name}_*", "data/", "data/feed_pump_january.csv", "", "feed"},
		{"{prefix}/{component_name}_*", "data/", "data/feed_pump_january.csv", "feed_pump feed", "feed_pump"},
		{"{prefix}/{component_name}_*", "data/", "data/feed_pump_january.csv", "feed", "feed"},
		{"{prefix}/{component_name}_*", "data/", "data/fan_january.csv", "feed", ""},
		{"{prefix}/{component_name}_*", "data/", "data/sub/pump_january.csv", "", ""},
		{"{prefix}/{component_name}-*", "data/", "data/pump-1.csv", "", "pump"},
		{"{prefix}/{component_name} *", "data/", "data/pump 1.csv", "", "pump"},
		{"{prefix}/{component_name}.*", "data/", "data/pump.csv", "", "pump"},
		{"{prefix}/{component_name}.*", "data/", "data/pump.v2.csv", "pump.v2 fan", "pump.v2"},
		{"{prefix}/{component_name}*", "data/", "data/pump.csv", "", "pump"},
		{"{prefix}/{component_name}*", "data/", "data/pump.CSV.GZ", "", "pump"},
		{"{prefix}/{component_name}*", "data/", "data/pump.csv", "pump pu", "pump"},
		{"{prefix}/{component_name}", "data/", "data/pump.csv", "", "pump"},
		{"{prefix}/{component_name}", "data/", "data/pump.csv", "pump", "pump"},
		{"{prefix}/{component_name}", "data/", "data/pump2.csv", "pump", ""},
		{"{component_name}_*.csv", "", "pump_1.csv", "", "pump"},
		{"{component_name}_*.csv", "", "pump_1.csv.gz", "", "pump"},
		{"{component_name}_*.csv", "", "pump_1.txt", "", ""},
		{"{prefix}/{component_name}.csv", "a/", "a/pump.csv", "", "pump"},
		{"plant/{component_name}/raw/*", "a/", "plant/pump/raw/1.csv", "", "pump"},
		{"plant/{component_name}/raw/*", "a/", "plant/pump/old/1.csv", "", ""},
		{"{prefix}/x-{component_name}_*_y*", "a/", "a/x-pump_1_y.csv", "", "pump"},
		{"{prefix}/{component_name}_*", "a/", "a/_1.csv", "", ""},
	} {
		k, err := lake.ParseKeyPattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := k.Component(c.prefix, c.key, known(c.known)); got != c.want || ok != (c.want != "") {
			t.Errorf("%s with %q: %s is of %q, %v; want %q", c.pattern, c.prefix, c.key, got, ok, c.want)
		}
	}
}

func known(names string) []string {
	if names == "" {
		return nil
	}
	return strings.Fields(names)
}

func TestKeyPatternsThatSayNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"data/*", "{prefix}/*", "{component}/*", "{prefix}/{component_name}/{component_name}*", "{component_name}/{prefix}", "a{prefix}/{component_name}*",
		"{prefix}/*/{component_name}_*", "{prefix}{prefix}{component_name}", strings.Repeat("a", 2048) + "{component_name}", "{prefix}/{component_name}{x}*",
	} {
		if _, err := lake.ParseKeyPattern(text); err == nil || !strings.Contains(err.Error(), "KeyPattern") {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

func FuzzKeyPattern(f *testing.F) {
	f.Add("{prefix}/{component_name}_*", "data/", "data/pump_1.csv", "pump")
	f.Add("{component_name}*x*", "", "pump.csv", "")
	f.Fuzz(func(t *testing.T, pattern, prefix, key, names string) {
		k, err := lake.ParseKeyPattern(pattern)
		if err != nil {
			return
		}
		name, ok := k.Component(prefix, key, known(names))
		if ok != (name != "") {
			t.Fatalf("%q, %v", name, ok)
		}
		if ok && !strings.HasPrefix(key, k.Under(prefix)+name) {
			t.Fatalf("%q is of %q", key, name)
		}
		if ok && names == "" && strings.Contains(name, "/") {
			t.Fatalf("%q is of %q", key, name)
		}
	})
}
