package backfill

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"millwright/ingest/seal"
	"millwright/internal/ledger"
	"millwright/internal/window"
)

// portion is about how many windows are sealed before they are sent: so many
// CSVs lie in the spool at most.
const portion = 4096

// windows seals and sends everything, a stretch of time after the other.
func (h *history) windows(ctx context.Context) error {
	h.sum.Windows = &Windows{}
	sealer := seal.New(h.streams, h.led, seal.Dirs{State: h.job.dir, Segments: h.segments(), Windows: h.spool()}, seal.Settings{}, quietly(h.log))
	if err := sealer.Load(ctx, h.now); err != nil {
		return err
	}
	out := h.carrier()
	defer out.finish()
	first, last, err := h.rows(ctx)
	if err != nil {
		return err
	}
	limit, length := h.span(), h.stretch()
	wait := seal.Waiting{ClockSettled: true}
	// A row at exactly the start of a stretch is in the window before it.
	for from := first - 1 - floorMod(first-1, length); from <= last; from += length {
		part := seal.Span{From: max(from, limit.From), To: min(from+length, limit.To)}
		if part.From >= part.To {
			continue
		}
		wait.Span = &part
		if _, err := sealer.Seal(ctx, h.now, wait); err != nil {
			return err
		}
		if err := h.room.check(ctx, 0); err != nil {
			return err
		}
		err := out.send(ctx, part, share(first, last, from+length))
		if err = errors.Join(err, h.count(context.WithoutCancel(ctx), part)); err != nil {
			return err
		}
		if err := h.free(ctx, sealer); err != nil {
			return err
		}
	}
	return h.rest(ctx)
}

// free closes windows that are in the bucket, and removes the segments that no
// other window reads: a history of years need not fit on the disk twice.
func (h *history) free(ctx context.Context, sealer *seal.Sealer) error {
	if h.o.DryRun {
		return nil
	}
	if _, err := sealer.Close(ctx, h.now); err != nil {
		return err
	}
	dead, err := h.led.DeadSegments(ctx)
	if err != nil {
		return err
	}
	for _, name := range dead {
		// A kill between the two leaves a name without a file, which is dead still.
		if err := os.Remove(filepath.Join(h.segments(), name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove segment %s: %w", name, err)
		}
		if err := h.led.ForgetSegment(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// share is which part of the time from first to last is done at the instant t.
func share(first, last, t int64) float64 {
	return min(1, float64(t-first)/float64(max(1, last-first)))
}

// stretch is a multiple of all frequencies.
func (h *history) stretch() int64 {
	var shortest time.Duration
	for _, s := range h.streams {
		if shortest == 0 || s.Cadence.Frequency < shortest {
			shortest = s.Cadence.Frequency
		}
	}
	n := max(1, time.Duration(portion/len(h.streams))*shortest/time.Hour)
	return int64(n * time.Hour)
}

func floorMod(t, n int64) int64 { return (t%n + n) % n }

// rows gives the instants of the first and the last row that was taken.
func (h *history) rows(ctx context.Context) (first, last int64, err error) {
	drops, err := h.led.Drops(ctx, ledger.DropFilter{})
	last = -1
	for _, d := range drops {
		switch {
		case d.First == 0 && d.Last == 0:
		case last < first:
			first, last = d.First, d.Last
		default:
			first, last = min(first, d.First), max(last, d.Last)
		}
	}
	return first, last, err
}

// count puts a stretch's windows into the summary and removes the CSVs of those
// that are in the bucket.
func (h *history) count(ctx context.Context, part seal.Span) error {
	records, err := h.led.Windows(ctx, ledger.WindowFilter{From: part.From, To: part.To})
	if err != nil {
		return err
	}
	w, o := h.sum.Windows, &h.sum.Objects
	for i := range records {
		r := &records[i]
		if r.Start < part.From || r.End > part.To {
			continue
		}
		if r.Generation == 0 {
			w.Silent++
			continue
		}
		w.Sealed++
		if r.HeldOnly {
			w.HeldOnly++
		}
		o.Rows += r.RealRows
		o.Bytes += r.Size
		if h.o.DryRun || r.Verified >= r.Generation || r.Unverified {
			_ = os.Remove(r.Path) // otherwise with the whole folder
		}
	}
	return nil
}

// rest counts what the command leaves alone, and the values that lost.
func (h *history) rest(ctx context.Context) error {
	type place struct {
		lane  int
		start int64
	}
	ahead, outside := map[place]struct{}{}, map[place]struct{}{}
	limit := h.span()
	err := h.led.LiveBlocks(ctx, func(component string, slot, _ int64, _ time.Time, last int64) error {
		for i := range h.streams {
			s := &h.streams[i]
			if s.Component != component {
				continue
			}
			for start := s.Cadence.Start(slot + 1); start <= s.Cadence.Start(last); start += int64(s.Cadence.Frequency) {
				switch {
				case start < limit.From || s.Cadence.End(start) > limit.To:
					outside[place{i, start}] = struct{}{}
				case h.now.Before(s.Cadence.Wake(start)):
					ahead[place{i, start}] = struct{}{}
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	h.sum.Windows.Ahead, h.sum.Windows.Outside = int64(len(ahead)), int64(len(outside))
	if n := len(ahead); n > 0 {
		h.sum.note("windows left to the daemon, since their scheduler has still to read them: %d", n)
	}
	all, err := h.led.Summary(ctx)
	h.sum.Rows.Repeated, h.sum.Rows.Same = all.Counts.Repeated, all.Counts.Same
	return err
}

// objectOf describes a window's object.
func objectOf(r *window.Record, state string) Object {
	return Object{Bucket: r.Bucket, Key: r.Key, Rows: r.RealRows, Bytes: r.Size, SHA256: hex.EncodeToString(r.SHA256[:]), State: state}
}
