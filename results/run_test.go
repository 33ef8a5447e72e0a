package results

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"millwright/internal/clock"
	"millwright/internal/event"
	"millwright/internal/objstore"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// calm is a Board that nobody looks at.
type calm struct{}

func (calm) Stand(context.Context, string, string, string, string) {}
func (calm) Clear(context.Context, string, string)                 {}

// lone is a scheduler of one component.
func lone(c window.Cadence) Scheduler {
	return Scheduler{
		Name: "pump", Bucket: "b", Cadence: c, Streams: []window.ID{{Scheduler: "pump", Component: "a"}},
		Timeout: 10 * time.Minute, Late: 72 * time.Hour, Rule: event.RuleFor(c.Frequency, c.Rate, 0),
	}
}

// delivering is a lone scheduler whose window under way, which begins at start, is
// uploaded and has its result: the row, a minute after its start.
func delivering(b *book, s *shelf, row resultline.Row) (sched Scheduler, start int64) {
	sched = lone(window.Cadence{Frequency: 5 * time.Minute, Rate: time.Minute})
	at := time.Now().Truncate(sched.Cadence.Frequency)
	start = at.UnixNano()
	b.runs = []window.Run{{Start: start, Sealed: 1, Uploaded: 1, At: at}}
	row.Time = at.Add(time.Minute).UnixNano()
	s.objects[window.ResultKey("", start)] = resultline.Append(nil, row)
	return sched, start
}

// running runs r until stop is called, which gives Run's error.
func running(t *testing.T, r *Results) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}
}

// TestRunTurnsAndStops lets the loop run for a day of fake time: results that
// come half a minute after each wake-up are here soon, the loop turns often
// enough for a watchdog, and it ends with its context.
func TestRunTurnsAndStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s := newBook(), &shelf{objects: map[string][]byte{}}
		sched := lone(window.Cadence{Frequency: time.Hour, Delay: 2 * time.Minute, Rate: time.Minute})
		first := time.Now().Truncate(time.Hour)
		for i := range 24 {
			start := first.Add(time.Duration(i) * time.Hour)
			b.runs = append(b.runs, window.Run{Start: start.UnixNano(), Sealed: 1, Uploaded: 1, At: start.Add(time.Hour + time.Second)})
			body := resultline.Append(nil, resultline.Row{Time: start.Add(time.Minute).UnixNano(), Reason: resultline.NoAnomalyDetected, Score: 0.1, HasScore: true})
			there := start.Add(time.Hour + 2*time.Minute + 30*time.Second)
			time.AfterFunc(time.Until(there), func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.objects[window.ResultKey("", start.UnixNano())] = body
			})
		}
		var turned time.Time
		slowest := time.Duration(0)
		set := Settings{Dir: t.TempDir(), Turned: func(string) {
			if now := time.Now(); !turned.IsZero() {
				slowest = max(slowest, now.Sub(turned))
			}
			turned = time.Now()
		}}
		stop := running(t, New([]Scheduler{sched}, b, s, calm{}, clock.Real{}, set, zap.NewNop()))
		time.Sleep(25 * time.Hour)
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for _, run := range b.runs {
			o := b.outcomes[run.Start]
			there := time.Unix(0, run.Start).Add(time.Hour + 2*time.Minute + 30*time.Second)
			if d := o.At.Sub(there); o.Scoring != window.Delivered || d < 0 || d > 20*time.Second {
				t.Errorf("%s is %s, %s after its result was there", stamp(run.Start), o.Scoring, d)
			}
		}
		if n := len(s.asked); n > 24*7+3 {
			t.Errorf("%d requests for 24 results", n)
		}
		if slowest > time.Minute {
			t.Errorf("the loop did not turn for %s", slowest)
		}
	})
}

// TestLedgerThatFails has commits fail for a while: nothing is half done.
func TestLedgerThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s := newBook(), &shelf{objects: map[string][]byte{}}
		sched, start := delivering(b, s, resultline.Row{Prediction: 1, Reason: resultline.AnomalyDetected, Score: 0.9, HasScore: true})
		stop := running(t, New([]Scheduler{sched}, b, s, calm{}, clock.Real{}, Settings{Dir: t.TempDir()}, zap.NewNop()))
		time.Sleep(4 * time.Minute)
		b.mu.Lock()
		b.err = errors.New("disk full")
		b.mu.Unlock()
		time.Sleep(4 * time.Hour)
		b.mu.Lock()
		if len(b.messages) != 0 {
			t.Errorf("%+v", b.messages)
		}
		b.err = nil
		b.mu.Unlock()
		time.Sleep(lastRecheck + time.Minute)
		_ = stop() // it ends with its context
		if len(b.messages) != 2 || b.messages[0].Generation != 1 || b.outcomes[start].Scoring != window.Delivered || len(b.events) != 1 {
			t.Errorf("%+v\n%+v", b.messages, b.outcomes)
		}
	})
}

// slow is a Store behind a link that brings a little every minute.
type slow struct{ *shelf }

func (s slow) Download(ctx context.Context, _, key, _ string, _ int64, w io.Writer) (objstore.Info, error) {
	body := s.objects[key]
	for i := range body {
		select {
		case <-ctx.Done():
			return objstore.Info{}, ctx.Err()
		case <-time.After(time.Minute):
		}
		if _, err := w.Write(body[i : i+1]); err != nil {
			return objstore.Info{}, err
		}
	}
	return objstore.Info{Key: key, Size: int64(len(body)), ETag: "tag"}, nil
}

// TestSlowDownloadIsNoLoopThatHangs: a watchdog would end it, again and again.
func TestSlowDownloadIsNoLoopThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s := newBook(), slow{&shelf{objects: map[string][]byte{}}}
		sched, start := delivering(b, s.shelf, resultline.Row{Reason: resultline.NoAnomalyDetected})
		turned, slowest := time.Now(), time.Duration(0)
		set := Settings{Dir: t.TempDir(), Turned: func(string) {
			slowest, turned = max(slowest, time.Since(turned)), time.Now()
		}}
		stop := running(t, New([]Scheduler{sched}, b, s, calm{}, clock.Real{}, set, zap.NewNop()))
		time.Sleep(3 * time.Hour)
		_ = stop() // it ends with its context
		if slowest > 2*time.Minute || b.outcomes[start].Scoring != window.Delivered {
			t.Errorf("%s without a turn, %+v", slowest, b.outcomes)
		}
	})
}

// TestDiskThatTakesNothing: what is fetched in vain may cost money.
func TestDiskThatTakesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, s := newBook(), &shelf{objects: map[string][]byte{}}
		sched, start := delivering(b, s, resultline.Row{Reason: resultline.NoAnomalyDetected})
		dir := t.TempDir()
		inTheWay := filepath.Join(dir, "results")
		if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		stop := running(t, New([]Scheduler{sched}, b, s, calm{}, clock.Real{}, Settings{Dir: dir}, zap.NewNop()))
		time.Sleep(4 * time.Hour)
		s.mu.Lock()
		n := len(s.asked)
		s.mu.Unlock()
		if n > 2*4*12 { // a listing for each object
			t.Errorf("%d requests in four hours", n)
		}
		if err := os.Remove(inTheWay); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lastRecheck + time.Minute)
		_ = stop() // it ends with its context
		if o := b.outcomes[start]; o.Scoring != window.Delivered {
			t.Errorf("%+v", o)
		}
	})
}
