package agent

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"
)

// gate holds drops back while the disk is full or the quota reached (promise 5).
// Archives are pruned first, then results on site: what they hold is in the bucket.
type gate struct {
	disk     *disk
	largest  int64 // bytes of a drop; larger ones are refused unread, and need no room
	archives []archiveRule
	results  roomy // nil: there are none
	notes    *notes
	log      *zap.Logger

	tight   int64 // bytes of the drop that there was no room for last
	tightAt time.Time
}

// roomy holds copies of what is in the bucket.
type roomy interface {
	// MakeRoom removes copies until need bytes are freed, and gives how many were,
	// with an error too.
	MakeRoom(ctx context.Context, need int64) (freed int64, err error)
}

// spoolFactor is how much the spool grows for a byte of CSV, rows and windows
// together: values take 8 bytes in segments and are written once more as CSV.
const spoolFactor = 2.5

// stale is how long it is believed that there was no room for a drop: each pass
// asks again for those that wait.
const stale = time.Minute

// Room implements ingest.Gate: where the whole batch has no room, a smaller one
// may have, so that uploads that make a little room let a few drops in.
func (g *gate) Room(ctx context.Context, sizes []int64) int {
	why, err := "", error(nil)
	for n := len(sizes); n > 0; n /= 2 {
		need := g.need(sizes[:n])
		why, err = g.disk.full(ctx, need)
		if err == nil && why != "" && g.makeRoom(ctx, need) {
			why, err = g.disk.full(ctx, need)
		}
		if err != nil {
			break
		}
		if why == "" {
			if slices.Max(sizes[:n]) >= g.tight || time.Since(g.tightAt) > stale { // smaller ones pass while it stands
				g.notes.clear(ctx, "disk", "full")
			}
			g.notes.clear(ctx, "disk", "measure")
			g.disk.grew(need - batchNeed) // that part is for the ledger, and hardly ever used up
			return n
		}
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		g.log.Error("measure the disk", zap.Error(err))
		g.notes.stand(ctx, "disk", "measure", err.Error(), "check that state_dir can be read")
	case why != "":
		g.tight, g.tightAt = sizes[0], time.Now()
		g.notes.stand(ctx, "disk", "full", why+": drops that there is no room for are not taken, they stay where they are",
			"make room, raise limits.state, or let uploads catch up; taking goes on by itself")
	}
	return 0
}

// need is what drops of these sizes may need, in bytes.
func (g *gate) need(sizes []int64) int64 {
	var bytes int64
	for _, n := range sizes {
		if n <= g.largest {
			bytes += n
		}
	}
	return int64(float64(bytes)*spoolFactor) + batchNeed
}

// batchNeed is what a batch needs whatever its drops.
const batchNeed = 1 << 20

// largest is the size of the largest drop that an otherwise empty state folder
// has room for. One that is larger would wait for ever, and all others behind it.
func largest(file, quota int64) int64 {
	if quota <= 0 {
		return file
	}
	return min(file, max(1, int64(float64(quota-reserveSize-4*batchNeed)/spoolFactor)))
}

// makeRoom prunes until there is room for need bytes.
func (g *gate) makeRoom(ctx context.Context, need int64) bool {
	lack, err := g.disk.lack(ctx, need)
	if err != nil {
		return false // full measures again and tells the error
	}
	return g.prune(ctx, lack)
}

// within prunes what is above limits.state although no drop wants in: results come
// to the site by themselves. It may be called from any goroutine.
func (g *gate) within(ctx context.Context) error {
	over, err := g.disk.over(ctx)
	if err == nil && over > 0 {
		g.prune(ctx, over)
	}
	return err
}

// prune removes from the archives, oldest first, then results, until that many
// bytes are freed, and tells whether any was.
func (g *gate) prune(ctx context.Context, lack int64) bool {
	var freed int64
	for _, r := range g.archives {
		_, held, err := r.files(ctx)
		if err != nil || held == 0 || freed >= lack {
			continue
		}
		r.keep, r.max = 0, max(1, held-(lack-freed))
		n, err := r.prune(ctx, g.disk.now(), g.log)
		if err != nil {
			g.log.Error("prune the archive", zap.String("dir", r.dir), zap.Error(err))
		}
		freed += n
	}
	if g.results != nil && freed < lack {
		n, err := g.results.MakeRoom(ctx, lack-freed)
		if err != nil && ctx.Err() == nil {
			g.log.Error("prune results", zap.Error(err))
		}
		freed += n
	}
	if freed > 0 {
		_, _ = g.disk.measure(ctx, true) // full measures again and tells the error
	}
	return freed > 0
}
