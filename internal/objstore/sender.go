package objstore

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// oneWrite is up to how many bytes a body is handed to the transport as it is:
// it goes out with the head, in one piece, and while it does, the watch sees no
// progress. The kernel takes as much at a time from longer ones, too.
const oneWrite = 63 << 10

// errStalled is the cause when a request made no progress for Settings.Idle.
var errStalled = errors.New("no byte moved")

// Limit is asked before n bytes of a body are sent and blocks until they may go.
type Limit func(ctx context.Context, n int) error

type limitKey struct{}

// WithLimit makes requests under the context ask limit before each piece of
// their body, of 16 KiB or less.
func WithLimit(ctx context.Context, limit Limit) context.Context {
	return context.WithValue(ctx, limitKey{}, limit)
}

// sender is the RoundTripper under all requests: it cancels those that make no
// progress, limits bandwidth, and remembers the store's time.
type sender struct {
	next http.RoundTripper
	idle time.Duration
	date atomic.Pointer[dated]
}

type dated struct {
	date string    // the Date header as it came
	at   time.Time // when it came, local time
}

func newSender(next http.RoundTripper, idle time.Duration) *sender {
	if idle <= 0 {
		idle = idleTimeout
	}
	return &sender{next: next, idle: idle}
}

// RoundTrip implements http.RoundTripper.
func (s *sender) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	w := &watch{idle: s.idle, cancel: cancel}
	w.limit, _ = ctx.Value(limitKey{}).(Limit)
	w.timer = time.AfterFunc(s.idle, func() { cancel(errStalled) })
	req = req.WithContext(ctx)
	if req.Body != nil && req.Body != http.NoBody && (w.limit != nil || req.ContentLength > oneWrite || req.ContentLength < 0) {
		req.Body = &watched{ctx: ctx, w: w, body: req.Body, sending: true}
		if again := req.GetBody; again != nil {
			req.GetBody = func() (io.ReadCloser, error) {
				b, err := again()
				if err != nil {
					return nil, err
				}
				return &watched{ctx: ctx, w: w, body: b, sending: true}, nil
			}
		}
	}
	resp, err := s.next.RoundTrip(req)
	if err != nil {
		w.timer.Stop()
		if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
			err = errStalled
		}
		cancel(nil)
		return nil, err
	}
	if d := resp.Header.Get("Date"); d != "" && resp.Header.Get("Age") == "" { // a cached answer tells another time
		s.date.Store(&dated{date: d, at: time.Now()})
	}
	resp.Body = &watched{ctx: ctx, w: w, body: resp.Body}
	return resp, nil
}

// watch belongs to one request.
type watch struct {
	idle   time.Duration
	timer  *time.Timer
	cancel context.CancelCauseFunc
	limit  Limit
}

// watched is a body under a watch. Reads of a sent body come from the
// transport's own goroutine, which may outlive RoundTrip.
type watched struct {
	ctx     context.Context
	w       *watch
	body    io.ReadCloser
	sending bool
}

func (b *watched) Read(p []byte) (int, error) {
	if b.sending && b.w.limit != nil {
		p = p[:min(len(p), 16<<10)]
	}
	n, err := b.body.Read(p)
	if n > 0 && b.sending && b.w.limit != nil {
		b.w.timer.Stop() // waiting for one's turn is no stall
		if lerr := b.w.limit(b.ctx, n); lerr != nil {
			return 0, lerr
		}
	}
	if n > 0 {
		b.w.timer.Reset(b.w.idle)
	}
	if err != nil && err != io.EOF && errors.Is(context.Cause(b.ctx), errStalled) {
		err = errStalled
	}
	return n, err
}

func (b *watched) Close() error {
	err := b.body.Close()
	if !b.sending {
		b.w.timer.Stop()
		b.w.cancel(nil)
	}
	return err
}
