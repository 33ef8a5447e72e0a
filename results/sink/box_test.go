package sink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/event"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// site is a state folder with messages in memory. It implements Outbox and Notices.
type site struct {
	state string

	mu      sync.Mutex
	ms      []outbox.Message
	cursors map[string]int64
	notices map[[2]string]string // scope and code -> text
	broken  error                // of the outbox
}

func newSite(t testing.TB) *site {
	t.Helper()
	return &site{state: t.TempDir(), cursors: map[string]int64{}, notices: map[[2]string]string{}}
}

func (s *site) Messages(_ context.Context, after int64, kinds []outbox.Kind, limit int) ([]outbox.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []outbox.Message
	for _, m := range s.ms {
		if m.Seq > after && slices.Contains(kinds, m.Kind) && len(out) < limit {
			out = append(out, m)
		}
	}
	return out, s.broken
}

func (s *site) LastSeq(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int64(len(s.ms)), s.broken
}

func (s *site) Cursor(_ context.Context, sink string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursors[sink], nil
}

func (s *site) SetCursor(_ context.Context, sink string, seq int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq < s.cursors[sink] {
		return errors.New("the cursor goes back")
	}
	s.cursors[sink] = seq
	return s.broken
}

func (s *site) Stand(_ context.Context, scope, code, text, remedy string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == "" || remedy == "" {
		panic("a notice without words")
	}
	s.notices[[2]string{scope, code}] = text
}

func (s *site) Clear(_ context.Context, scope, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.notices, [2]string{scope, code})
}

// notice is what stands of a code; tests have one sink that fails at most.
func (s *site) notice(code string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, text := range s.notices {
		if key[1] == code {
			return text
		}
	}
	return ""
}

func (s *site) cursor(sink string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursors[sink]
}

func (s *site) add(m outbox.Message) outbox.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Seq = int64(len(s.ms)) + 1
	m.ID = outbox.ID(m.Scheduler, m.Start, m.Kind, m.Generation)
	if m.At.IsZero() {
		m.At = time.Unix(0, m.Start).Add(7 * time.Minute).UTC()
	}
	s.ms = append(s.ms, m)
	return m
}

// ids are those of all messages of a scheduler and some kinds, in order.
func (s *site) ids(scheduler string, kinds ...outbox.Kind) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, m := range s.ms {
		if m.Scheduler == scheduler && slices.Contains(kinds, m.Kind) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

const fiveMinutes = int64(5 * time.Minute)

// start is S of the n-th window of a day that begins at 23:00, so that windows
// lie on both sides of midnight.
func start(n int) int64 {
	return time.Date(2026, 1, 5, 23, 0, 0, 0, time.UTC).UnixNano() + int64(n)*fiveMinutes
}

// result enters the n-th window's result: five rows, one anomalous in some.
func (s *site) result(t testing.TB, scheduler string, n int, generation int64) outbox.Message {
	t.Helper()
	return s.resultOf(t, scheduler, n, generation, rows(n))
}

func rows(n int) []resultline.Row {
	var all []resultline.Row
	for i := int64(1); i <= 5; i++ {
		r := resultline.Row{
			Time: start(n) + i*int64(time.Minute), Reason: resultline.NoAnomalyDetected, Score: 0.25, HasScore: true,
			Diagnostics: []resultline.Share{{Name: `pump\flow`, Value: 0.25}, {Name: `pump\speed`, Value: 0.75}},
		}
		switch {
		case n%3 == 1 && i == 2:
			r.Prediction, r.Reason, r.Score = 1, resultline.AnomalyDetected, 0.75
		case n%3 == 2 && i == 5:
			r = resultline.Row{Time: r.Time, Reason: resultline.MachineOff}
		}
		all = append(all, r)
	}
	return all
}

func (s *site) resultOf(t testing.TB, scheduler string, n int, generation int64, rows []resultline.Row) outbox.Message {
	t.Helper()
	m := outbox.Message{Scheduler: scheduler, Kind: outbox.Result, Start: start(n), Generation: generation, Path: window.ResultPath(scheduler, start(n))}
	m.Body = writeResult(t, s.state, m.Path, rows)
	return s.add(m)
}

// writeResult puts the file on site and gives the message's body.
func writeResult(t testing.TB, state, path string, rows []resultline.Row) json.RawMessage {
	t.Helper()
	var text []byte
	for _, r := range rows {
		text = resultline.Append(text, r)
	}
	full := filepath.Join(state, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return marshal(t, outbox.Summary{Rows: int64(len(rows)), Size: int64(len(text)), SHA256: hexSum(text)})
}

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (s *site) event(t testing.TB, scheduler string, n int, generation int64, state event.State) outbox.Message {
	t.Helper()
	e := event.Event{
		ID: window.CompactStamp(start(n)), Start: start(n), End: start(n) + generation*int64(time.Minute), Peak: 0.875, PeakAt: start(n),
		Rows: int(generation), Top: []resultline.Share{{Name: `=pump\flow`, Value: 0.5}}, State: state,
	}
	return s.add(outbox.Message{Scheduler: scheduler, Kind: outbox.Change, Start: start(n), Generation: generation, Body: marshal(t, e.Document())})
}

func (s *site) alarm(t testing.TB, scheduler string, n int, generation int64, state outbox.AlarmState) outbox.Message {
	t.Helper()
	a := outbox.Alarm{
		Kind: window.Failed, State: state, First: stamp(start(n)), Last: stamp(start(n)), Windows: generation,
		Reason: "no data for \"flow\", says the\nservice", Remedy: "look at it", Since: stamp(start(n)),
	}
	return s.add(outbox.Message{Scheduler: scheduler, Kind: outbox.Alert, Start: start(n), Generation: generation, Body: marshal(t, a)})
}

// fill enters n windows of two schedulers with an event and an alarm now and then.
func (s *site) fill(t testing.TB, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		for _, scheduler := range []string{"pump-7", "mill_2"} {
			s.result(t, scheduler, i, 1)
			if i%3 == 1 {
				s.event(t, scheduler, i, 1, event.Open)
				s.event(t, scheduler, i, 2, event.Closed)
			}
			if i%7 == 3 {
				s.alarm(t, scheduler, i, 1, outbox.Raised)
			}
		}
	}
}

func marshal(t testing.TB, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func everything() []outbox.Kind { return []outbox.Kind{outbox.Result, outbox.Change, outbox.Alert} }

func (s *site) runner(k Sink, kinds ...outbox.Kind) *Runner {
	if len(kinds) == 0 {
		kinds = everything()
	}
	return NewRunner(k, kinds, s, s, s.state, zap.NewNop())
}

// sail runs a fleet until the test ends, or stop is called.
func sail(t testing.TB, runners ...*Runner) (f *Fleet, stop func()) {
	t.Helper()
	f = &Fleet{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := f.Run(ctx, runners); !errors.Is(err, context.Canceled) {
			t.Errorf("Run gave %v", err)
		}
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return f, stop
}

// until waits in real time.
func until(t testing.TB, what string, missing func() string) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		words := missing()
		if words == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %s", what, words)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// untilSent waits until a sink is done with all messages.
func (s *site) untilSent(t testing.TB, k Sink) {
	t.Helper()
	until(t, k.Name()+" is done", func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		if at, last := s.cursors[k.Name()], s.ms[len(s.ms)-1].Seq; at < last {
			return fmt.Sprintf("at %d of %d, %v", at, last, s.notices)
		}
		return ""
	})
}

// firsts are the first occurrences of each id, in order: what a receiver has that
// drops the ids it knows.
func firsts(ids []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func made(t testing.TB, set Settings) Sink {
	t.Helper()
	k, err := New(set)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func wrote(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
