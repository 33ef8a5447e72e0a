package upload

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

const (
	manyPending = 16   // above, uploads are surveyed and checked by listings
	checkBatch  = 1000 // uploads checked at once: a listing's page
	surveyBatch = 1000
	surveyAhead = 2 * time.Minute       // a window whose wake-up is nearer waits for no survey
	checkAge    = 2 * time.Second       // an upload waits no longer for its check
	checkRest   = 50 * time.Millisecond // ... and not for others when none came for so long
	smallObject = 256 << 10
)

// loop is one run. Its fields belong to the goroutine of run; workers get
// copies and answer by channels.
type loop struct {
	u    *Uploader
	plan *plan
	book book

	outcomes chan outcome
	sights   chan surveyResult
	checks   chan []outcome
	loads    chan loaded

	flying    int
	unseen    []*item   // wait for a survey
	surveying bool      //
	uncheck   []outcome // wait for a check
	checking  bool
	oldest    time.Time // of uncheck
	newest    time.Time // ... when nothing else is under way, the next check waits for more
	loading   bool
	want      bool      // Pending is to be read
	lastLoad  time.Time // when it was read last
	loadPause time.Duration
	ending    bool
	counts    Status
}

type surveyResult struct {
	items  []*item
	sights []sight
}

type loaded struct {
	pending []window.Sealed
	err     error
	took    time.Duration
}

func newLoop(u *Uploader) *loop {
	return &loop{
		u: u, plan: newPlan(), book: newBook(u),
		outcomes: make(chan outcome, 64), sights: make(chan surveyResult), checks: make(chan []outcome), loads: make(chan loaded),
		want: true, counts: u.earlier,
	}
}

// run is the only goroutine that decides. With drain it ends when nothing is
// pending.
func (l *loop) run(ctx context.Context, drain bool) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx)) // outlives ctx by Grace
	defer stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		real := time.Now()
		l.step(work, real)
		if drain && !l.want && !l.loading && len(l.plan.items) == 0 && l.book.empty() {
			return nil
		}
		timer.Reset(l.due(real).Sub(real))
		select {
		case <-ctx.Done():
			l.end(work, stop)
			return ctx.Err()
		case <-l.u.hint:
			l.heard()
		case o := <-l.outcomes:
			l.took(o, time.Now())
			for range len(l.outcomes) {
				l.took(<-l.outcomes, time.Now())
			}
		case s := <-l.sights:
			l.surveyed(s)
		case outs := <-l.checks:
			l.checked(outs)
		case in := <-l.loads:
			l.loaded(in)
		case done := <-l.book.done:
			l.entered(done)
		case <-timer.C:
		}
	}
}

// step starts whatever may be started.
func (l *loop) step(ctx context.Context, real time.Time) {
	if !l.lastLoad.IsZero() && real.Sub(l.lastLoad) >= l.u.set.Poll {
		l.want = true
	}
	// Reading and entering take turns, so that what was read is never older
	// than what was entered.
	few := l.flying == 0 && len(l.uncheck) == 0 && !l.checking
	switch {
	case l.loading || l.book.busy:
	case l.book.ready(real, few):
		l.book.enter(ctx)
	case l.want && real.Sub(l.lastLoad) >= l.loadPause:
		l.load(ctx)
	}
	l.startSurvey(ctx)
	l.dispatch(ctx, real)
	l.startCheck(ctx, real)
	l.publish()
}

// heard takes over what was sealed since.
func (l *loop) heard() {
	offered, stale := l.u.news()
	l.want = l.want || stale
	l.admit(l.plan.offer(offered))
}

func (l *loop) load(ctx context.Context) {
	l.loading, l.want = true, false
	l.plan.turn++
	go func() {
		start := time.Now()
		pending, err := l.u.queue.Pending(ctx, 0)
		l.loads <- loaded{pending, err, time.Since(start)}
	}()
}

func (l *loop) loaded(in loaded) {
	l.loading, l.lastLoad = false, time.Now()
	l.loadPause = max(10*in.took, 20*time.Millisecond) // hints may come by the hundred
	if in.err != nil {
		l.u.log.Error("read pending windows", zap.Error(in.err))
		l.want, l.loadPause = true, max(l.loadPause, time.Second)
		return
	}
	l.admit(l.plan.merge(in.pending))
}

// admit queues new items; of many a survey is made first, one listing instead
// of a request for each. Windows that are needed soon do not wait for it.
func (l *loop) admit(fresh []*item) {
	now, real := l.u.now(), time.Now()
	patient := func(it *item) bool {
		return !it.Wake.After(now) || it.Wake.Sub(now) > surveyAhead
	}
	many := 0
	for _, it := range fresh {
		if patient(it) {
			many++
		}
	}
	for _, it := range fresh {
		if many > manyPending && patient(it) {
			it.state = surveyed
			l.unseen = append(l.unseen, it)
			continue
		}
		l.plan.ready(it, now, real)
	}
}

func (l *loop) startSurvey(ctx context.Context) {
	if l.surveying || len(l.unseen) == 0 || l.plan.store.closed && !l.plan.idle() {
		return
	}
	now := l.u.now()
	slices.SortFunc(l.unseen, func(a, b *item) int { return order(a, b, now) })
	n := min(surveyBatch, len(l.unseen))
	items := make([]*item, 0, n)
	keys := map[string][]string{}
	for _, it := range l.unseen[:n] {
		if it.state == surveyed {
			items = append(items, it)
			keys[it.Bucket] = append(keys[it.Bucket], it.Key)
		}
	}
	l.unseen = l.unseen[n:]
	l.surveying = true
	go func() {
		found := map[string][]sight{}
		for bucket, k := range keys {
			found[bucket] = l.u.survey(ctx, bucket, k)
		}
		out := surveyResult{items: items, sights: make([]sight, len(items))}
		for i, it := range items {
			out.sights[i], found[it.Bucket] = found[it.Bucket][0], found[it.Bucket][1:]
		}
		l.sights <- out
	}()
}

func (l *loop) surveyed(s surveyResult) {
	l.surveying = false
	now, real := l.u.now(), time.Now()
	for i, it := range s.items {
		if it.state == surveyed {
			it.seen = s.sights[i]
			l.plan.ready(it, now, real)
		}
	}
}

// slots is how many uploads may be under way.
func (l *loop) slots() int {
	n := len(l.plan.items)
	switch {
	case l.u.set.Slots > 0:
		return l.u.set.Slots
	case n > 64 && l.plan.bytes/int64(n) < smallObject:
		return 16
	}
	return 8
}

func (l *loop) dispatch(ctx context.Context, real time.Time) {
	now := l.u.now()
	for slots := l.slots(); l.flying < slots; {
		it := l.plan.pick(slots-l.flying, now, real)
		if it == nil {
			return
		}
		l.flying++
		j := job{
			Sealed: it.Sealed, it: it, seen: it.seen, suspect: it.suspect, odd: it.odd,
			check: len(l.plan.items) <= manyPending,
		}
		it.seen = sight{} // good for one attempt
		go func() { l.outcomes <- l.u.send(ctx, j) }()
	}
}

func (l *loop) startCheck(ctx context.Context, real time.Time) {
	n := len(l.uncheck)
	if l.checking || n == 0 || l.plan.store.closed && l.plan.store.next.After(real) && !l.ending {
		return
	}
	if n < checkBatch && real.Before(l.checkAt()) && !l.ending {
		return
	}
	n = min(n, 2*checkBatch)
	outs := l.uncheck[:n:n]
	l.uncheck, l.oldest = l.uncheck[n:], real
	jobs := make([]job, n)
	for i := range outs {
		jobs[i] = job{Sealed: outs[i].it.Sealed, it: outs[i].it, odd: outs[i].it.odd}
	}
	l.checking = true
	go func() { l.checks <- l.u.checkMany(ctx, jobs, outs) }()
}

// checkAt is when a check is due although few uploads wait for it: many are
// checked with one listing, but nobody knows whether more will come.
func (l *loop) checkAt() time.Time {
	at := l.oldest.Add(checkAge)
	if rest := l.newest.Add(checkRest); l.flying == 0 && rest.Before(at) {
		return rest
	}
	return at
}

// due is when step has something to do although nothing happens.
func (l *loop) due(real time.Time) time.Time {
	t := real.Add(l.u.set.Poll)
	sooner := func(x time.Time) {
		if !x.IsZero() && x.Before(t) {
			t = x
		}
	}
	sooner(l.book.due())
	if l.slots()-l.flying >= 2 {
		sooner(l.plan.due())
	}
	if l.want && !l.loading {
		sooner(l.lastLoad.Add(l.loadPause))
	}
	if len(l.uncheck) > 0 && !l.checking {
		sooner(l.checkAt())
	}
	if floor := real.Add(5 * time.Millisecond); t.Before(floor) {
		return floor
	}
	return t
}

// end lets what is under way finish, for Settings.Grace, and enters it.
func (l *loop) end(ctx context.Context, stop context.CancelFunc) {
	l.ending = true
	grace := time.AfterFunc(l.u.set.Grace, stop)
	defer grace.Stop()
	for l.flying > 0 || l.checking || l.surveying || l.loading || l.book.busy || len(l.uncheck) > 0 {
		l.startCheck(ctx, time.Now())
		select {
		case o := <-l.outcomes:
			l.took(o, time.Now())
		case <-l.sights:
			l.surveying = false
		case outs := <-l.checks:
			l.checked(outs)
		case <-l.loads:
			l.loading = false
		case done := <-l.book.done:
			l.entered(done)
		}
	}
	if !l.book.empty() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.u.set.Grace)
		defer cancel()
		l.book.enter(ctx)
		l.entered(<-l.book.done)
	}
	l.publish()
}

func (l *loop) publish() {
	s := l.counts
	s.Pending, s.Flying = len(l.plan.items), l.flying
	trouble := func(where string, g *gate) {
		if g.fails > 0 {
			s.Trouble = append(s.Trouble, Trouble{Where: where, What: g.what, Remedy: g.remedy, Since: g.since})
		}
	}
	trouble("store", &l.plan.store)
	for pl, line := range l.plan.lines {
		trouble(pl.bucket+"/"+pl.dir, &line.gate)
	}
	l.u.mu.Lock()
	l.u.status = s
	l.u.mu.Unlock()
}

// scopeOf is the scope that an outcome says something about.
func scopeOf(o *outcome) objstore.Scope {
	if o.is != failed {
		return objstore.ScopeObject
	}
	return o.scope
}
