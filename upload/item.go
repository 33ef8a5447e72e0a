package upload

import (
	"container/heap"
	"path"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// item is a window on its way. Only the loop touches it.
type item struct {
	window.Sealed
	state    state
	newer    *window.Sealed // sealed while this one was under way
	failures int            // in a row, of this generation
	next     time.Time      // not before; zero: at once
	scope    objstore.Scope // of the last failure
	suspect  bool           // the spool file was found damaged once
	odd      int            // puts whose ETag was not the MD5 of what was sent
	seen     sight          // what a survey found at the key
	etag     string         // what the PUT answered
	took     time.Duration
	told     string // the last failure that was reported
	turn     int    // how often Pending had been read when it came
	wanting  bool   // its content is not at hand and was asked for
}

type state uint8

const (
	waiting   state = iota
	surveyed        // waits for a survey
	flying          // a worker has it
	unchecked       // put, waits for its check
	reported        // done, waits for the ledger
	gone            // nobody waits for it any more
)

// sight is what is known to be at a key.
type sight struct {
	at      time.Time // zero: nobody looked
	absent  bool
	info    objstore.Info
	listed  bool // from a listing: without metadata
	blocked bool // the policy forbids looking
}

// fresh reports whether the sight may stand for a look of one's own. Stores
// with conditional writes catch what changed since.
func (s sight) fresh(now time.Time) bool { return !s.at.IsZero() && now.Sub(s.at) < 2*time.Minute }

type objectKey struct{ bucket, key string }

func (i *item) key() objectKey { return objectKey{i.Bucket, i.Key} }

// place is what tends to fail as one: a prefix of a bucket.
type place struct{ bucket, dir string }

func (i *item) place() place { return placeOf(&i.Sealed) }

func placeOf(s *window.Sealed) place { return place{s.Bucket, path.Dir(s.Key)} }

// queue is a heap of items.
type queue struct {
	items []*item
	less  func(a, b *item) bool
}

func (q *queue) Len() int           { return len(q.items) }
func (q *queue) Less(i, j int) bool { return q.less(q.items[i], q.items[j]) }
func (q *queue) Swap(i, j int)      { q.items[i], q.items[j] = q.items[j], q.items[i] }
func (q *queue) Push(x any)         { q.items = append(q.items, x.(*item)) }
func (q *queue) Pop() any {
	n := len(q.items) - 1
	it := q.items[n]
	q.items[n] = nil
	q.items = q.items[:n]
	return it
}

func (q *queue) push(it *item) { heap.Push(q, it) }
func (q *queue) pop() *item    { return heap.Pop(q).(*item) }

// top drops items that nobody waits for and gives the first that somebody does.
func (q *queue) top() *item {
	for len(q.items) > 0 {
		if q.items[0].state == waiting {
			return q.items[0]
		}
		q.pop()
	}
	return nil
}
