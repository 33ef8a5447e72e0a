package seal

import (
	"context"
	"crypto/md5"
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/internal/drop"
)

// worker makes windows. It keeps its buffers from one to the next.
type worker struct {
	sealer *Sealer
	source source
	merged merged
	sheet  sheet
	out    *spooled
	seen   int64 // highest drop that had a part in what the window begins with
	left   int   // blocks left out of this window, since they cannot be read
	prev   *held // where the window before ended, in this round
	nearby nearby
	run    int64 // start of the last of the neighbouring windows to be made now
}

func newWorker(s *Sealer) *worker {
	return &worker{sealer: s, source: source{dir: s.dirs.Segments}, out: newSpooled()}
}

// patience is after how many windows that failed a component is left alone
// until the next pass.
const patience = 3

// component does the jobs of one component, stream by stream in time order, and
// puts what came out in the same places of out. One that fails has no lane there
// and does not keep the others back.
func (w *worker) component(ctx context.Context, now time.Time, jobs []job, out []outcome) error {
	var errs []error
	w.prev = nil
	w.nearby.forget()
	for i, j := range jobs {
		if i == 0 || jobs[i-1].lane != j.lane || j.live.start > w.run {
			w.run = endOfRun(jobs[i:])
		}
		if err := w.window(ctx, now, j, &out[i]); err != nil {
			out[i] = outcome{}
			errs = append(errs, wrap(j, errors.Join(err, w.out.abort())))
			if ctx.Err() != nil || len(errs) == patience {
				break
			}
		}
	}
	return errors.Join(errs...)
}

// endOfRun is the start of the last window up to which no other lies between.
func endOfRun(jobs []job) int64 {
	end := jobs[0].live.start
	for _, j := range jobs[1:] {
		if j.lane != jobs[0].lane || j.live.start != end+j.lane.frequency() {
			break
		}
		end = j.live.start
	}
	return end
}

// window makes one window: its record, and its CSV on the shelf or in a temp
// file if that is a new generation.
func (w *worker) window(ctx context.Context, now time.Time, j job, o *outcome) error {
	l, ledger := j.lane, w.sealer.ledger
	o.job, o.record.ID = j, l.id(j.live.start)
	if j.live.recorded {
		r, ok, err := ledger.Window(ctx, o.record.ID)
		if err != nil {
			return err
		}
		if ok {
			o.record = r
		}
		if r.Kept || !j.again && r.Overdue && r.Generation > 0 && r.Uploaded >= r.Generation {
			o.skip = true
			return nil
		}
	}
	if err := w.compute(ctx, l, j); err != nil {
		return err
	}
	o.clean = w.merged.clean && w.left == 0 && (w.merged.shared || len(l.Schema) == 0)
	o.seq = max(o.seq, w.seen)
	o.next = &held{start: l.Cadence.End(j.live.start), columns: l.columns, last: slices.Clone(w.sheet.last), seq: o.seq, exact: j.exact}
	w.prev = o.next
	return w.conclude(now, o)
}

// compute fills the sheet. Blocks that cannot be read are left out, loudly:
// their drops are not accounted for and stay where they are.
func (w *worker) compute(ctx context.Context, l *lane, j job) error {
	blocks, err := w.nearby.of(ctx, w.sealer.ledger, l, j.live.start, w.run, j.seq)
	if err != nil {
		return err
	}
	for w.left = 0; ; w.left++ {
		err := w.try(ctx, l, j, blocks)
		var bad *readError
		if !errors.As(err, &bad) || !damage(err) {
			return err
		}
		w.sealer.log.Error("rows cannot be read from the spool: the window is sealed without them",
			zap.Int64("drop", bad.block.Drop), zap.String("component", l.Component), zap.String("segment", bad.block.File), zap.Error(bad.err))
		if err := w.sealer.settings.damaged(ctx, bad.block, bad.err); err != nil {
			w.sealer.log.Error("save damaged rows", zap.Int64("drop", bad.block.Drop), zap.Error(err)) // tried again when the window is closed
		}
		blocks = slices.DeleteFunc(blocks, func(b drop.Block) bool { return b.Drop == bad.block.Drop && b.Slot == bad.block.Slot })
	}
}

func (w *worker) try(ctx context.Context, l *lane, j job, blocks []drop.Block) error {
	parts, err := w.source.parts(blocks)
	if err != nil {
		return err
	}
	if err := w.merged.begin(parts, l.OnConflict == conflictLast); err != nil {
		return err
	}
	w.sheet.last = grow(w.sheet.last, len(l.columns.names))
	if err := w.begin(ctx, l, j); err != nil {
		return err
	}
	return w.sheet.fill(ctx, l, j.live.start, &w.merged)
}

// begin finds what the window begins with: where the one before it ended in
// this very round, else as the lane knows or the ledger tells.
func (w *worker) begin(ctx context.Context, l *lane, j job) error {
	if h := w.prev; h != nil && h.start == j.live.start && h.columns == l.columns && h.exact == j.exact && (!j.exact || h.seq == j.seq) {
		copy(w.sheet.last, h.last)
		w.seen = h.seq
		return nil
	}
	var err error
	w.seen, err = l.beginWith(ctx, w.sealer.ledger, w.sheet.last, j)
	return err
}

// conclude completes the record, and keeps the CSV unless the bytes are those
// of the generation before, or there is nothing to say.
func (w *worker) conclude(now time.Time, o *outcome) error {
	l, r, t := o.lane, &o.record, &w.sheet
	start := o.live.start
	r.End, r.Wake = l.Cadence.End(start), o.wake
	r.SealedSeq, r.RealRows = o.seq, t.rows()
	if o.live.own > 0 {
		r.LastRowAt = o.live.lastRow
	}
	r.HeldOnly = t.some && r.RealRows == 0
	r.Silent = !t.some || r.HeldOnly && l.RequireRealRows
	if r.Silent && r.Generation == 0 {
		r.Bucket, r.Key = l.Bucket, l.Naming.Key(l.Component, start)
		return nil
	}
	if o.again {
		if same, err := w.sameAgain(o); same || err != nil {
			return err
		}
	}
	w.out.begin(w.sealer.dirs.path(r.ID, r.Generation+1))
	if err := t.write(w.out); err != nil {
		return err
	}
	sha := w.out.finish()
	if r.Generation > 0 && sha == r.SHA256 {
		return w.out.abort()
	}
	if r.Generation == 0 {
		r.Overdue, r.FirstSealedAt = now.After(o.wake), now
	}
	r.Generation++
	r.Silent = false
	r.SealedAt, r.SHA256, r.MD5 = now, sha, [md5.Size]byte{}
	r.Bucket, r.Key, r.Size = l.Bucket, l.Naming.Key(l.Component, start), w.out.size
	return w.keep(o)
}

// keep puts the CSV on the shelf; a large one, or one for which there is no
// room, into a temp file.
func (w *worker) keep(o *outcome) (err error) {
	r := &o.record
	o.fresh, r.Path = true, ""
	if w.out.file == nil && w.sealer.settings.Shelf.Put(r.ID, r.Generation, w.out.buf) {
		o.shelved = true
		w.out.buf = w.sealer.settings.Shelf.Spare(len(w.out.buf)) // the next window is about as large
		return nil
	}
	r.Path = w.out.path
	o.temp, r.MD5, err = w.out.flush()
	return err
}
