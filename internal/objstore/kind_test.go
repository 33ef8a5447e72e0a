package objstore_test

import (
	"testing"

	"millwright/internal/objstore"
)

func TestEveryKindHasAWordOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]objstore.Kind{}
	for k := range objstore.Kind(objstore.Kinds) {
		if was, twice := seen[k.String()]; twice || k.String() == "" {
			t.Errorf("kind %d is called %q, as is %d", k, k, was)
		}
		seen[k.String()] = k
	}
	if w := objstore.Kind(objstore.Kinds).String(); w != "other" {
		t.Errorf("an unknown kind is called %q", w)
	}
}
