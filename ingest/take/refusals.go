package take

import (
	"path/filepath"

	"millwright/internal/drop"
)

// Refusals remembers which refusals were logged, so that each is once, although
// a drop is looked at again at every reload. The Takers that share one run one
// after the other.
type Refusals struct {
	said map[string]logged // by path
}

type logged struct {
	size, modified int64
	reason         string
}

// mostRefusals bounds what is remembered; beyond it some are logged again.
const mostRefusals = 10_000

// news tells whether a refusal was not logged yet, and takes it for logged.
func (r *Refusals) news(c *Candidate, d *drop.Drop) bool {
	path, is := filepath.Join(c.Folder, c.Name), logged{c.Size, c.ModTime.UnixNano(), d.Reason}
	if r.said[path] == is {
		return false
	}
	if r.said == nil || len(r.said) >= mostRefusals {
		r.said = map[string]logged{}
	}
	r.said[path] = is
	return true
}
