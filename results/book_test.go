package results

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/outbox"
	"millwright/internal/window"
)

// book is a Ledger in memory, for tests in fake time.
type book struct {
	mu       sync.Mutex
	runs     []window.Run
	outcomes map[int64]window.Outcome
	events   map[string]outbox.Event
	messages []outbox.Message
	state    []byte
	err      error // of the next commits
}

func newBook() *book {
	return &book{outcomes: map[int64]window.Outcome{}, events: map[string]outbox.Event{}}
}

func (b *book) Runs(_ context.Context, _ string, _ []window.ID, from, to int64) ([]window.Run, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []window.Run
	for _, r := range b.runs {
		o, known := b.outcomes[r.Start]
		if r.Start >= from && r.Start < to && (!known || o.Scoring == window.Awaited) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (b *book) Outcomes(_ context.Context, f window.OutcomeFilter) ([]window.Outcome, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []window.Outcome
	for _, o := range b.outcomes {
		if o.Start < f.From || f.To != 0 && o.Start >= f.To || f.Scoring != "" && o.Scoring != f.Scoring || f.Open && o.Scoring == window.Delivered {
			continue
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b window.Outcome) int { return cmp.Compare(a.Start, b.Start) })
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[:f.Limit]
	}
	return out, nil
}

func (b *book) Followed(context.Context, string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state, nil
}

func (b *book) CommitStep(_ context.Context, s outbox.Step) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	for _, o := range s.Outcomes {
		b.outcomes[o.Start] = o
	}
	for _, e := range s.Events {
		b.events[e.ID] = e
	}
	b.messages = append(b.messages, s.Messages...)
	if s.State != nil {
		b.state = s.State
	}
	return nil
}

func (b *book) PruneResults(context.Context, string, time.Time) error    { return nil }
func (b *book) PruneMessages(context.Context, time.Time, []string) error { return nil }

func (b *book) Evict(context.Context, string, int64, int64) error { return nil }
func (b *book) Unsent(context.Context, string, int64, int64, []string) (bool, error) {
	return false, nil
}

func (b *book) EachFollowed(context.Context, func(string, []byte)) error { return nil }

// shelf is a Store in memory.
type shelf struct {
	mu      sync.Mutex
	objects map[string][]byte
	asked   []time.Time
}

func (s *shelf) Download(_ context.Context, _, key, _ string, _ int64, w io.Writer) (objstore.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, time.Now())
	body, ok := s.objects[key]
	if !ok {
		return objstore.Info{}, objstore.ErrNotFound
	}
	n, err := w.Write(body)
	return objstore.Info{Key: key, Size: int64(n), ETag: "tag of " + key}, err
}

func (s *shelf) List(_ context.Context, _, prefix, after string, fn func([]objstore.Info) (bool, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, time.Now())
	var page []objstore.Info
	for key := range s.objects {
		if key > after && len(key) >= len(prefix) && key[:len(prefix)] == prefix {
			page = append(page, objstore.Info{Key: key, ETag: "tag of " + key})
		}
	}
	slices.SortFunc(page, func(a, b objstore.Info) int { return cmp.Compare(a.Key, b.Key) })
	_, err := fn(page)
	return err
}
