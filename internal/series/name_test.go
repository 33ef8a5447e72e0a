package series

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMapNames(t *testing.T) {
	t.Parallel()
	raw := []string{"flow", "Pump 7 / Flow", "°C", "a b", "a/b", "x (column 5)", "(column 6)", "y", strings.Repeat("n", 201), "Temp$1:2#3.x-y"}
	names, clashes := MapNames(raw, map[string]string{"Pump 7 / Flow": "flow7", "(column 6)": "six"})
	want := []string{"flow", "flow7", "_C", "", "", "", "six", "y", "", "Temp$1:2#3.x-y"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if len(clashes) != 3 {
		t.Fatalf("%+v", clashes)
	}
	for _, c := range clashes {
		if !strings.Contains(c.Reason, "csv.rename") || len(c.Columns) != len(c.Raw) {
			t.Errorf("%+v", c)
		}
	}
	if c := clashes[2]; c.Name != "a_b" || !slices.Equal(c.Raw, []string{"a b", "a/b"}) {
		t.Errorf("%+v", c)
	}
	names, clashes = MapNames([]string{"a", "b"}, map[string]string{"b": "a"})
	if names[0] != "" || names[1] != "" || len(clashes) != 1 {
		t.Errorf("%q %+v: a renaming onto another column is a clash too", names, clashes)
	}
}

// Names that come out are legal, different, and a pure function of the raw ones.
func TestMapNamesProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOf(rapid.StringMatching(`[ab°/ _.(column1)]{0,12}`)).Draw(t, "raw")
		names, clashes := MapNames(raw, nil)
		waiting := map[int]bool{}
		for _, c := range clashes {
			for _, i := range c.Columns {
				waiting[i] = true
			}
		}
		seen := map[string]bool{}
		for i, n := range names {
			if (n == "") != waiting[i] {
				t.Fatalf("column %d is called %q, waiting %v", i, n, waiting[i])
			}
			if n != "" && seen[n] {
				t.Fatalf("%q stands twice", n)
			}
			seen[n] = true
			if strings.Trim(n, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:#$._-") != "" || len(n) > 200 {
				t.Fatalf("%q is no legal name", n)
			}
		}
	})
}
