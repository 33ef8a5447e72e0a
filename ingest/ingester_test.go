package ingest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"millwright/ingest/seal"
	"millwright/ingest/take"
	"millwright/internal/clock"
	"millwright/internal/drop"
	"millwright/internal/segment"
)

// plant plays every part around the loop and notes what was called.
type plant struct {
	mu             sync.Mutex
	calls          []string
	drops          int // in a listing, 0 for 1
	list           []take.Candidate
	room           int64 // for one batch, 0: for any
	takeErr, adopt error
}

func (p *plant) note(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, s)
}

func (p *plant) List(context.Context) (take.Listing, error) {
	if p.list != nil {
		return take.Listing{Candidates: slices.Clone(p.list)}, nil
	}
	return take.Listing{Candidates: slices.Repeat([]take.Candidate{{Name: "a.csv", Component: "pump", Size: 10}}, max(p.drops, 1))}, nil
}

func (p *plant) Take(_ context.Context, batch []take.Candidate) ([]drop.Drop, []segment.Ref, error) {
	p.note("take")
	for _, c := range batch {
		p.list = slices.DeleteFunc(p.list, func(o take.Candidate) bool {
			if o.Name == c.Name {
				p.note(c.Name)
			}
			return o.Name == c.Name
		})
	}
	return nil, nil, p.takeErr
}
func (p *plant) Hints() <-chan struct{}                { return nil }
func (p *plant) Asked() <-chan struct{}                { return nil }
func (p *plant) Took([]segment.Ref, time.Time)         { p.note("took") }
func (p *plant) Load(context.Context, time.Time) error { p.note("load"); return nil }

func (p *plant) Seal(context.Context, time.Time, seal.Waiting) (int, error) {
	p.note("seal")
	return 0, nil
}

func (p *plant) Close(context.Context, time.Time) (int, error) { p.note("close"); return 0, nil }
func (p *plant) Due(now time.Time) time.Time                   { return now }
func (p *plant) ClockSettled() bool                            { return true }
func (p *plant) Slowest() time.Duration                        { return 0 }
func (p *plant) Turned(context.Context, time.Time) bool        { return false }
func (p *plant) Recover(context.Context) error                 { p.note("recover"); return p.adopt }

func (p *plant) Room(_ context.Context, sizes []int64) int {
	used := int64(0)
	for n, size := range sizes {
		if used += size; p.room > 0 && used > p.room {
			return n
		}
	}
	return len(sizes)
}

// took tells the drops that were taken since it was asked last.
func (p *plant) took() (names []string) {
	for _, c := range p.calls {
		if strings.HasSuffix(c, ".csv") {
			names = append(names, c)
		}
	}
	p.calls = nil
	return names
}

// After a batch that failed nothing is taken until what it left behind is taken
// over; what is there already goes on.
func TestAFailedBatchIsLookedAfterBeforeTheNext(t *testing.T) {
	t.Parallel()
	p := &plant{takeErr: errors.New("no space left on device"), adopt: errors.New("no space left on device")}
	i := &Ingester{Taker: p, Sealer: p, Gate: p, Site: p, Clock: clock.Real{}, Log: zap.NewNop()}
	for _, want := range [][]string{
		{"take", "recover", "seal", "close"},
		{"recover", "seal", "close"},
	} {
		p.calls = nil
		if _, err := i.pass(t.Context()); err == nil || !slices.Equal(p.calls, want) {
			t.Fatalf("%v, %v", p.calls, err)
		}
	}
	p.takeErr, p.adopt, p.calls = nil, nil, nil
	if _, err := i.pass(t.Context()); err != nil || !slices.Equal(p.calls, []string{"recover", "load", "take", "took", "seal", "close"}) {
		t.Fatalf("%v, %v", p.calls, err)
	}
}

// Of many batches one is taken while the one before is sealed; the sealer is
// told of a batch when nothing runs, and closes only then.
func TestABatchIsTakenWhileTheOneBeforeIsSealed(t *testing.T) {
	t.Parallel()
	p := &plant{drops: 2*batchFiles + 1}
	i := &Ingester{Taker: p, Sealer: p, Gate: p, Site: p, Clock: clock.Real{}, Log: zap.NewNop()}
	if _, err := i.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]int{{2, 3}, {5, 6}} { // these two run at the same time
		slices.Sort(p.calls[pair[0] : pair[1]+1])
	}
	if want := []string{"take", "took", "seal", "take", "took", "seal", "take", "took", "seal", "close"}; !slices.Equal(p.calls, want) {
		t.Fatalf("%v", p.calls)
	}
}

// A drop for which there is no room is passed by smaller ones, for a while; then
// it has its turn, and when there is room for it, it is taken.
func TestALargeDropHoldsSmallerOnesBackOnlyInItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		of := func(name string, size int64) take.Candidate {
			return take.Candidate{Name: name, Component: "pump", Size: size}
		}
		p := &plant{room: 100}
		i := &Ingester{Taker: p, Sealer: p, Gate: p, Site: p, Clock: clock.Real{}, Log: zap.NewNop()}
		pass := func(want ...string) {
			t.Helper()
			if _, err := i.pass(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := p.took(); !slices.Equal(got, want) {
				t.Fatalf("taken %v, want %v", got, want)
			}
		}
		p.list = []take.Candidate{of("a.csv", 50), of("big.csv", 1000), of("also.csv", 600), of("b.csv", 30), of("c.csv", 60), of("d.csv", 20)}
		pass("a.csv", "b.csv", "c.csv", "d.csv")
		p.list = append(p.list, of("e.csv", 10))
		pass("e.csv")
		time.Sleep(turn)
		p.list = append(p.list, of("f.csv", 10))
		pass()
		time.Sleep(turn - time.Second)
		pass()
		time.Sleep(time.Second)
		pass("f.csv")
		time.Sleep(turn)
		p.list, p.room = append(p.list, of("g.csv", 10)), 1000
		pass("big.csv", "also.csv", "g.csv")
	})
}
