package upload

import (
	"context"
	"slices"
	"strings"
	"time"

	"millwright/internal/objstore"
)

// survey finds what is at the keys of a bucket with as few listings as pay off:
// it walks the sorted keys along the listing, skips stretches that hold none of
// them, and gives up when a page settles fewer than 16 keys on average. Sights
// that stay zero are not known. Errors are not told: whoever asks next will
// meet them.
func (u *Uploader) survey(ctx context.Context, bucket string, keys []string) []sight {
	out := make([]sight, len(keys))
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	for len(order) > 0 { // keys of one folder at a time
		dir := folder(keys[order[0]])
		n := 1
		for n < len(order) && folder(keys[order[n]]) == dir {
			n++
		}
		if n >= 16 {
			u.walk(ctx, bucket, keys, order[:n], out)
		}
		order = order[n:]
	}
	return out
}

func folder(key string) string { return key[:strings.LastIndexByte(key, '/')+1] }

// walk settles the keys that order names, which is sorted by them.
func (u *Uploader) walk(ctx context.Context, bucket string, keys []string, order []int, out []sight) {
	prefix := common(keys[order[0]], keys[order[len(order)-1]])
	settled, pages := 0, 0
	for settled < len(order) {
		next := keys[order[settled]]
		at := time.Now()
		jump := false
		err := u.store.List(ctx, bucket, prefix, next[:len(next)-1], func(page []objstore.Info) (bool, error) {
			pages++
			hits := 0
			for i := range page {
				for settled < len(order) && keys[order[settled]] < page[i].Key {
					out[order[settled]] = sight{at: at, absent: true}
					settled++
				}
				for settled < len(order) && keys[order[settled]] == page[i].Key {
					out[order[settled]] = sight{at: at, info: page[i], listed: true}
					settled++
					hits++
				}
			}
			if settled == len(order) {
				return false, nil
			}
			if pages > 2+settled/16 {
				return false, errGivenUp
			}
			jump = hits == 0 && len(page) > 0
			return !jump, nil
		})
		if err != nil {
			return
		}
		if jump || settled == len(order) {
			continue
		}
		for ; settled < len(order); settled++ { // the listing ended
			out[order[settled]] = sight{at: at, absent: true}
		}
	}
}

var errGivenUp = givenUp{}

type givenUp struct{}

func (givenUp) Error() string { return "survey does not pay" }

// common is the longest common prefix.
func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}
