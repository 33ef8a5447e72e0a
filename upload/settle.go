package upload

import (
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// took deals with a worker's answer.
func (l *loop) took(o outcome, real time.Time) {
	l.flying--
	delete(l.plan.busy, o.it.key())
	now := l.u.now()
	back := l.plan.answered(o.it, scopeOf(&o), o.is != failed, o.contact, o.what, o.remedy, now, real)
	if o.is != failed && o.is != wanting {
		// Should the check find that it is not there after all, it is made again.
		l.u.set.Shelf.Remove(o.it.ID, o.it.Generation, o.it.failures == 0 && o.tries < 2)
	}
	switch o.is {
	case put, verified, unverified:
		l.counts.Sent++
		l.counts.Bytes += o.it.Size
	case adopted:
		l.counts.Adopted++
	}
	if back {
		l.u.log.Info("store answers again", zap.Int("pending", len(l.plan.items)))
		l.admit(l.plan.overdue(now, real))
	}
	if o.is != put {
		l.settle(o, now, real)
		return
	}
	it := o.it
	it.state, it.etag, it.took, it.MD5 = unchecked, o.info.ETag, o.took, o.md5
	l.plan.busy[it.key()] = true // until the check, so that no other PUT comes between
	if len(l.uncheck) == 0 {
		l.oldest = real
	}
	l.newest = real
	l.uncheck = append(l.uncheck, o)
}

// checked deals with the checks of a batch.
func (l *loop) checked(outs []outcome) {
	l.checking = false
	now, real := l.u.now(), time.Now()
	for i := range outs {
		o := &outs[i]
		delete(l.plan.busy, o.it.key())
		if o.is == failed {
			_ = l.plan.answered(o.it, o.scope, false, o.contact, o.what, o.remedy, now, real)
		}
		l.settle(*o, now, real)
	}
}

// settle hands the end of an attempt to the ledger, or plans the next one.
func (l *loop) settle(o outcome, now, real time.Time) {
	it := o.it
	switch o.is {
	case failed:
		l.again(o, now, real)
		return
	case wanting:
		it.wanting, it.next = true, real.Add(askPause)
		l.plan.ready(it, now, real)
		return
	}
	if o.is == kept {
		it.state = reported
		l.book.add(window.Result{ID: it.ID, Generation: it.Generation, Kept: true, At: now, Err: o.what, Remedy: o.remedy}, real)
		return
	}
	etag := o.info.ETag
	if etag == "" {
		etag = it.etag
	}
	took := o.took
	if o.is == unverified {
		l.u.log.Warn("uploaded without check", l.fields(it, zap.String("why", o.what), zap.String("remedy", o.remedy))...)
	} else {
		if e := l.u.log.Check(zap.DebugLevel, "uploaded"); e != nil {
			e.Write(l.fields(it, zap.Duration("took", took), zap.Bool("adopted", o.is == adopted))...)
		}
	}
	it.state = reported
	l.book.add(window.Result{
		ID: it.ID, Generation: it.Generation, ETag: etag,
		Verified: o.is != unverified, Unverified: o.is == unverified,
		At: now, Took: took,
	}, real)
}

// again plans the next attempt of an item that failed.
func (l *loop) again(o outcome, now, real time.Time) {
	it := o.it
	l.counts.Failed++
	l.counts.Causes[objstore.KindOf(o.err)]++
	if it.newer != nil {
		l.replace(it, now, real)
		return
	}
	it.failures++
	it.scope, it.next = o.scope, it.retryAt(now, real)
	if o.odd {
		it.odd++
	}
	if o.suspect {
		if !it.suspect {
			it.next = real.Add(firstPause)
		}
		it.suspect, l.want = true, true
	}
	if it.told != o.what && !o.quiet {
		l.u.log.Warn("upload failed", l.fields(it, zap.Int("attempt", it.failures), zap.Time("next", it.next),
			zap.String("what", o.what), zap.String("remedy", o.remedy), zap.Error(o.err))...)
		it.told = o.what
	}
	l.plan.ready(it, now, real)
	if l.ending && !o.contact {
		return // stopped, not failed
	}
	l.book.fail(window.Result{
		ID: it.ID, Generation: it.Generation, At: now,
		Err: o.what, Remedy: o.remedy, NextTry: it.next, Attempts: it.failures,
	}, real)
}

// replace puts the generation that was sealed meanwhile in an item's place.
func (l *loop) replace(it *item, now, real time.Time) {
	s := *it.newer
	l.plan.ready(l.plan.add(&s, s.Attempts), now, real)
}

// entered deals with the ledger's answer to a batch.
func (l *loop) entered(d entered) {
	l.book.finish(d)
	if d.err != nil {
		l.u.log.Error("enter uploads", zap.Int("results", len(d.results)), zap.Error(d.err))
		return
	}
	now, real := l.u.now(), time.Now()
	for i := range d.results {
		r := &d.results[i]
		it := l.plan.items[r.ID]
		if it == nil || it.state != reported || it.Generation != r.Generation {
			continue
		}
		if it.newer != nil {
			l.replace(it, now, real)
			continue
		}
		l.plan.remove(it)
	}
}

func (l *loop) fields(it *item, more ...zap.Field) []zap.Field {
	return append([]zap.Field{
		zap.String("scheduler", it.Scheduler), zap.String("component", it.Component),
		zap.Time("window", time.Unix(0, it.Start).UTC()), zap.String("key", it.Key), zap.Int64("generation", it.Generation),
	}, more...)
}
