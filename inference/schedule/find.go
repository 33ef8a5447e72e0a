package schedule

import (
	"context"
	"strings"

	"millwright/internal/objstore"
)

// find lists a component's files with a stamp from <= stamp < to, in the order of
// their keys, and gives at most limit+1 of them. Components are all of the model's:
// a name may be the beginning of another one, and hold the delimiter.
func (e Execution) find(ctx context.Context, store Store, component string, components []string, from, to int64, limit int) ([]File, error) {
	n := e.Input.Naming
	first, last := stem(n.Key(component, from)), stem(n.Key(component, to))
	var files []File
	err := store.List(ctx, e.Input.Bucket, common(first, last), first, func(page []objstore.Info) (bool, error) {
		for _, o := range page {
			if o.Key >= last {
				return false, nil
			}
			c, stamp, err := n.Parse(o.Key, components)
			if err != nil || c != component || stamp < from || stamp >= to {
				continue // somebody else's
			}
			if files = append(files, File{component, o.Key, o.ETag, o.Size, stamp}); len(files) > limit {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		return nil, refused("list the data files at", Place{e.Input.Bucket, n.Prefix}, err)
	}
	return files, nil
}

// common is how two keys begin alike.
func common(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[:i]
		}
	}
	return a[:min(len(a), len(b))]
}

func (f File) before(g File) int { return strings.Compare(f.Key, g.Key) }
