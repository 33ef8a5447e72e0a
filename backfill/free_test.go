package backfill_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/agent"
	"millwright/backfill"
	"millwright/internal/objstore"
)

// spool counts the segments of a backfill at every object that is sent.
type spool struct {
	backfill.Store
	pattern string
	until   int
	stop    context.CancelFunc

	mu    sync.Mutex
	seen  []int
	fault error
}

func (s *spool) Put(ctx context.Context, o objstore.Object) (objstore.Info, error) {
	names, err := filepath.Glob(s.pattern)
	s.mu.Lock()
	s.seen, s.fault = append(s.seen, len(names)), errors.Join(s.fault, err)
	if len(s.seen) == s.until {
		s.stop()
	}
	s.mu.Unlock()
	return s.Store.Put(ctx, o)
}

// A history of years is freed as it arrives in the bucket, and a command that is
// stopped in the middle goes on with what is left of it.
func TestSegmentsGoAsTheirWindowsArrive(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	rnd := rand.New(rand.NewPCG(7, 22))
	var texts []string
	for i := range 330 {
		text := rows(rnd, day(1, 1, 0).Add(time.Duration(i)*5*time.Hour), 1, time.Minute, "flow", "speed")
		texts = append(texts, text)
		r.file(fmt.Sprintf("pump/%03d.csv", i), text)
	}
	n := newNaive(t, texts...)
	cfg := r.config()
	s := &spool{Store: r.store, pattern: filepath.Join(r.state(), "*", "spool", "segments", "*.seg"), until: 150}
	run := func() error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		s.stop = stop
		b := backfill.New(cfg, agent.Streams(cfg), s, zap.NewNop())
		b.Now = func() time.Time { return r.now }
		_, err := b.Run(ctx, backfill.Options{Paths: []string{r.drop()}})
		return err
	}
	if err := run(); !errors.Is(err, backfill.ErrPartly) {
		t.Fatal(err)
	}
	if err := run(); err != nil {
		t.Fatal(err)
	}
	if s.fault != nil {
		t.Fatal(s.fault)
	}
	// Two workers have a segment for each of two batches; the first batch is done with before the last stretch.
	if first, last := s.seen[0], s.seen[len(s.seen)-1]; first < 2 || last >= first {
		t.Errorf("%d segments at the first object, %d at the last", first, last)
	}
	same(t, "windows", r.bucket("in/"), n.windows("pump", r.now))
}
