package store

import (
	"testing"
)

func FuzzParseToken(f *testing.F) {
	l := listing[int]{name: "x"}
	l.where.add(true, "a = ?", "b")
	hash := l.hash()
	f.Add(makeToken(place{1, "id"}, hash), int64(1), "id")
	f.Add("", int64(-1), "")
	f.Add("AAAA", int64(0), "\xff")
	f.Fuzz(func(t *testing.T, token string, n int64, id string) {
		if p, err := parseToken(token, hash); err == nil {
			if again, err := parseToken(makeToken(p, hash), hash); err != nil || again != p {
				t.Errorf("%+v became %+v: %v", p, again, err)
			}
		}
		p := place{n, id}
		if got, err := parseToken(makeToken(p, hash), hash); storable([]any{id}) == nil && (err != nil || got != p) {
			t.Errorf("%+v became %+v: %v", p, got, err)
		}
	})
}

func TestFiltersAreToldApart(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i, w := range []func(*where){
		func(w *where) {},
		func(w *where) { w.add(true, "a = ?", "b") },
		func(w *where) { w.add(true, "a = ?", "c") },
		func(w *where) { w.add(true, "a > ?", "b") },
		func(w *where) { w.add(true, "a = ? AND b = ?", "b", "") },
		func(w *where) { w.add(true, "a = ?", "b"); w.add(true, "b = ?", "") },
		func(w *where) { w.begins("a", "b") },
	} {
		l := listing[int]{name: "x"}
		w(&l.where)
		if other, twice := seen[string(l.hash())]; twice {
			t.Errorf("filters %d and %d are alike", other, i)
		}
		seen[string(l.hash())] = i
	}
	if l := (listing[int]{name: "y"}); string(l.hash()) == string((&listing[int]{name: "x"}).hash()) {
		t.Error("two lists are alike")
	}
}
