package results

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// fetch brings a window's result to the site. What is there before says what the
// ledger knows. The error has objstore.ErrNotFound when there is none, and is a
// *storeError when that is not known.
func (f *follower) fetch(ctx context.Context, n now, before window.Outcome) error {
	defer f.r.set.Turned(f.Name)
	got, err := f.download(ctx, before)
	file := got.file
	defer file.Close()
	switch {
	case file.err != nil:
		return file.err
	case errors.Is(err, objstore.ErrSame):
		return nil
	case errors.Is(err, objstore.ErrTooLarge):
		return f.refuse(ctx, n, before, got.Info, nil, err)
	case errors.Is(err, objstore.ErrNotFound):
		return err
	case err != nil:
		return &storeError{err}
	}
	body, err := file.begin()
	if err != nil {
		return err
	}
	o := before
	if err := f.inspect(body, &o); err != nil {
		if got.other {
			got.ETag = "" // the object with this tag may be better
		}
		return f.refuse(ctx, n, before, got.Info, file, err)
	}
	o.SHA256 = got.sum
	o.ETag, o.Size, o.Path = got.ETag, got.Size, window.ResultPath(f.Name, o.Start)
	o.Refused, before.Refused = "", ""
	if before.Scoring == window.Delivered && o.SHA256 == before.SHA256 {
		before.ETag = got.ETag // written again, with the same content
		d := f.draft(n)
		d.step.Outcomes = append(d.step.Outcomes, before)
		return d.commit(ctx)
	}
	f.r.onSite.Lock()
	defer f.r.onSite.Unlock()
	if err := file.commit(); err != nil {
		return err
	}
	f.r.set.Grew(o.Size)
	return f.deliver(ctx, n, before.Scoring, o)
}

// deliver enters a result that is on site.
func (f *follower) deliver(ctx context.Context, n now, was window.Scoring, o window.Outcome) error {
	o.Scoring, o.Reason, o.Remedy, o.At = window.Delivered, "", "", n.business
	o.Generation++
	body := outbox.Summary{Rows: o.Rows, Anomalous: o.Anomalous, Off: o.Off, Size: o.Size, SHA256: hex.EncodeToString(o.SHA256[:]), Peak: o.Highest()}
	if body.Peak != nil {
		body.PeakAt = stamp(o.PeakAt)
	}
	d := f.draft(n)
	if err := d.message(outbox.Result, o.Start, o.Generation, o.Path, body); err != nil {
		return err
	}
	d.mark(was, o)
	if err := d.commit(ctx); err != nil {
		return err
	}
	f.log.Debug("result delivered", zap.Time("window", time.Unix(0, o.Start).UTC()), zap.Int64("generation", o.Generation),
		zap.Int64("rows", o.Rows), zap.Int64("anomalous", o.Anomalous), zap.String("was", string(was)))
	return nil
}

// inspect reads a whole result and says in o what is in it.
func (f *follower) inspect(r io.Reader, o *window.Outcome) error {
	o.Rows, o.Anomalous, o.Off, o.Peak, o.PeakAt = 0, 0, 0, math.NaN(), 0
	from, to := f.Cadence.Rows(o.Start)
	return resultline.Read(r, f.r.set.Limits, func(row resultline.Row) error {
		o.Rows++
		if row.Time <= from || row.Time > to {
			return &resultline.LineError{
				Line: int(o.Rows), Field: "timestamp",
				What: fmt.Sprintf("%s is not of the window %s to %s", stamp(row.Time), stamp(o.Start), stamp(f.Cadence.End(o.Start))),
			}
		}
		if row.Anomalous() {
			o.Anomalous++
		}
		if row.Reason == resultline.MachineOff {
			o.Off++
		}
		if row.HasScore && !(row.Score <= o.Peak) {
			o.Peak, o.PeakAt = row.Score, row.Time
		}
		return nil
	})
}
