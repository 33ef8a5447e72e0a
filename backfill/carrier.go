package backfill

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"millwright/ingest/seal"
	"millwright/internal/ledger"
	"millwright/internal/objstore"
	"millwright/internal/window"
	"millwright/upload"
)

// carrier brings the windows of a stretch to the bucket, or says in a dry run
// what would become of them.
type carrier interface {
	// send returns when nothing of the stretch is left to be done. done is which
	// part of all work that is, for the progress.
	send(ctx context.Context, part seal.Span, done float64) error
	finish()
}

func (h *history) carrier() carrier {
	if h.o.DryRun {
		return &look{history: h}
	}
	s := &sender{history: h, step: h.Progress.Step("seal and upload windows", UnitObjects, 0), differing: map[window.ID]Difference{}}
	set := upload.Settings{
		Instance: h.cfg.Instance, Dir: h.spool(), RateLimit: h.o.RateLimit, Poll: 300 * time.Millisecond,
		Existing: upload.Keep, Differs: s.differs,
	}
	if h.o.Replace {
		set.Existing = upload.ReplaceAny
	}
	s.up = upload.New(s, h.store, h.Now, set, h.log)
	return s
}

// sender uploads with the daemon's uploader. It is the queue of that, so that
// windows whose keys hold other content leave it.
type sender struct {
	*history
	up     *upload.Uploader
	step   Step
	before int64 // windows of stretches before this one

	mu        sync.Mutex
	differing map[window.ID]Difference
	done      int64
	sent      int64 // of stretches before this one
	adopted   int64
}

// Pending implements upload.Queue.
func (s *sender) Pending(ctx context.Context, limit int) ([]window.Sealed, error) {
	all, err := s.led.Pending(ctx, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(all, func(w window.Sealed) bool { _, left := s.differing[w.ID]; return left }), err
}

// Uploaded implements upload.Queue.
func (s *sender) Uploaded(ctx context.Context, results []window.Result) error {
	if err := s.led.Uploaded(ctx, results); err != nil {
		return err
	}
	n := int64(0)
	for _, r := range results {
		if r.Err == "" {
			n++
		}
	}
	s.step.Add(n)
	s.mu.Lock()
	s.done += n
	s.mu.Unlock()
	return nil
}

// differs is told by the uploader of other content at a window's key.
func (s *sender) differs(w window.Sealed, found objstore.Info) {
	s.mu.Lock()
	s.differing[w.ID] = difference(w, found)
	s.mu.Unlock()
	s.up.Wake()
}

func difference(w window.Sealed, found objstore.Info) Difference {
	return Difference{
		Bucket: w.Bucket, Key: w.Key, Bytes: w.Size, SHA256: hex.EncodeToString(w.SHA256[:]), MD5: hex.EncodeToString(w.MD5[:]),
		TheirBytes: found.Size, TheirHash: theirHash(found), TheirInstance: found.Instance,
	}
}

func theirHash(found objstore.Info) string {
	switch {
	case found.SHA256 != "":
		return "sha256 " + found.SHA256
	case found.ETag != "":
		return "etag " + found.ETag
	}
	return "unknown: the policy forbids to look"
}

func (s *sender) send(ctx context.Context, _ seal.Span, done float64) error {
	waiting, err := s.Pending(ctx, 0)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.before = s.done + int64(len(waiting))
	s.mu.Unlock()
	if done > 0 {
		s.step.Total(int64(float64(s.before) / done))
	}
	if len(waiting) == 0 {
		return nil
	}
	limited, stop := context.WithCancel(ctx)
	defer stop()
	gone := make(chan error, 1)
	go func() { gone <- s.up.Drain(limited) }()
	err = s.attend(ctx, stop, gone)
	status := s.up.Status()
	s.sent, s.adopted = s.sent+status.Sent, s.adopted+status.Adopted
	if err == nil || ctx.Err() != nil {
		return err
	}
	return s.explain(ctx, err)
}

var errPatience = errors.New("the store took nothing")

// attend waits for the uploader, as long as anything arrives in the bucket.
func (s *sender) attend(ctx context.Context, stop func(), gone <-chan error) error {
	tick := time.NewTicker(min(time.Second, s.o.Patience/4+1))
	defer tick.Stop()
	seen, since := s.settled(), time.Now()
	for {
		select {
		case err := <-gone:
			return err
		case <-tick.C:
		}
		if now := s.settled(); now != seen {
			seen, since = now, time.Now()
		} else if time.Since(since) > s.o.Patience && ctx.Err() == nil {
			stop()
			return errors.Join(errPatience, onlyOther(<-gone))
		}
	}
}

// onlyOther leaves out that the uploader was told to stop.
func onlyOther(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (s *sender) settled() int64 {
	status := s.up.Status()
	s.mu.Lock()
	defer s.mu.Unlock()
	return status.Sent + status.Adopted + int64(len(s.differing))
}

// explain turns the end of patience into words: what stands in the way.
func (s *sender) explain(ctx context.Context, err error) error {
	if !errors.Is(err, errPatience) {
		return err
	}
	waiting, perr := s.Pending(ctx, 0)
	if perr != nil {
		return errors.Join(err, perr)
	}
	what, remedy := "it does not answer", "check the network and s3.endpoint"
	if troubles := s.up.Status().Trouble; len(troubles) > 0 {
		what, remedy = troubles[0].What, troubles[0].Remedy
	} else if bad, perr := s.led.Windows(ctx, ledger.WindowFilter{Troubled: true, Live: true, Limit: 1}); perr == nil && len(bad) > 0 {
		what, remedy = bad[0].Error, bad[0].Remedy
	}
	return fmt.Errorf("%w: the store took none of the windows that wait (%d) for %s: %s; %s", ErrPartly, len(waiting), s.o.Patience, what, remedy)
}

// finish puts what was sent into the summary.
func (s *sender) finish() {
	s.step.Done()
	s.sum.Objects.Sent, s.sum.Objects.Adopted = s.sent, s.adopted
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.differing {
		s.sum.Differences = append(s.sum.Differences, d)
	}
	slices.SortFunc(s.sum.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Key, b.Key))
	})
}
