package agent

import (
	"context"

	"go.uber.org/zap"
)

// gate holds drops back while the disk is full or the quota reached (promise 5).
// Archives are pruned first: what they hold is in the bucket already.
type gate struct {
	disk     *disk
	archives []archiveRule
	notes    *notes
	log      *zap.Logger
}

// spoolFactor is how much the spool grows for a byte of CSV, rows and windows
// together: values take 8 bytes in segments and are written once more as CSV.
const spoolFactor = 2.5

// May implements ingest.Gate.
func (g *gate) May(ctx context.Context, bytes int64) bool {
	need := int64(float64(bytes)*spoolFactor) + 1<<20
	why, err := g.disk.full(ctx, need)
	if err == nil && why != "" {
		if g.makeRoom(ctx, need) {
			why, err = g.disk.full(ctx, need)
		}
	}
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		g.log.Error("measure the disk", zap.Error(err))
		g.notes.stand(ctx, "disk", "measure", err.Error(), "check that state_dir can be read")
		return false
	case why != "":
		g.notes.stand(ctx, "disk", "full", why+": no further drops are taken, they stay where they are",
			"make room, raise limits.state, or let uploads catch up; taking goes on by itself")
		return false
	}
	g.notes.clear(ctx, "disk", "full")
	g.notes.clear(ctx, "disk", "measure")
	g.disk.grew(need)
	return true
}

// makeRoom prunes the archives by need bytes, oldest first.
func (g *gate) makeRoom(ctx context.Context, need int64) bool {
	var freed int64
	for _, r := range g.archives {
		held, err := treeSize(ctx, r.dir)
		if err != nil || held == 0 {
			continue
		}
		r.keep, r.max = 0, max(1, held-(need-freed))
		n, err := r.prune(ctx, g.disk.now(), g.log)
		if err != nil {
			g.log.Error("prune the archive", zap.String("dir", r.dir), zap.Error(err))
		}
		freed += n
	}
	if freed > 0 {
		_, _ = g.disk.measure(ctx, true) // full measures again and tells the error
	}
	return freed > 0
}
