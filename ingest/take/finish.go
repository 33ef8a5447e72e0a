package take

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/series"
)

// prefix notes the beginning of the file up to the end of the part, by which it
// is known again when it has grown.
func (r *reading) prefix() (err error) {
	if r.d.Part.Prefix == [32]byte{} {
		if r.d.Part.Prefix, err = r.in.prefix(r.to, r.t.dirs.Prints); err != nil {
			return unreadable("read drop", err)
		}
	}
	return nil
}

// known makes the drop a repeat if there was one with the same identity, in the
// ledger or in this batch; nil if not. Content that a path had before its newest
// version is no repeat: it takes that version back.
func (r *reading) known(ctx context.Context) (*outcome, error) {
	of, ok, err := r.t.ledger.ByIdentity(ctx, r.d.Identity)
	if err != nil {
		return nil, err
	}
	if ok && of.Folder == r.d.Folder && of.Name == r.d.Name {
		newest, _, err := r.t.ledger.Path(ctx, r.d.Folder, r.d.Name)
		if err != nil {
			return nil, err
		}
		ok = newest.Identity == r.d.Identity
	}
	if ok {
		return r.repeated(of, fmt.Sprintf("the same content as drop %d, %s", of.ID, of.Name)), nil
	}
	if twin, taken := r.claim.take(r.d.Identity); taken {
		out := r.repeated(drop.Drop{Identity: r.d.Identity}, "")
		out.twin = twin
		return out, nil
	}
	return nil, nil
}

func (r *reading) repeated(of drop.Drop, reason string) *outcome {
	prefix := r.d.Part.Prefix
	out := repeat(r.d, of, reason)
	d := &out.taking.Drop
	if d.Part.From != r.from || d.Part.To != r.to || d.Part.Prefix != prefix {
		// The same rows, but not at the same place of an equal file.
		d.Part = drop.Part{From: r.from, To: r.to, Prefix: prefix}
	}
	d.Size = r.to
	out.rest = r.to < r.in.size
	return &out
}

func some(o *outcome) outcome {
	if o == nil {
		return outcome{}
	}
	return *o
}

// CopyKept stands in a Reason between why no row can be used and the name of the
// copy in quarantine.
const CopyKept = "; a copy is in quarantine as "

// hopeless puts a copy of the file into quarantine. Without rows there is
// nothing to keep: the drop is taken as it is.
func (r *reading) hopeless(why *series.HopelessError) (outcome, error) {
	if r.seg != nil {
		if err := r.seg.Undo(); err != nil {
			return outcome{}, spoolError{err}
		}
	}
	if r.d.Reason = why.Error(); why.Empty {
		return outcome{taking: drop.Taking{Drop: *r.d}}, nil
	}
	if r.in.size > r.t.limits.Faults {
		return outcome{}, refuse("%s; it has %d bytes, too many to keep a copy in quarantine: correct it or remove it", why, r.in.size)
	}
	name := quarantineName(r.d.Identity, r.d.Name)
	if err := setAside(r.t.dirs.Quarantine, name, why.Error(), r.in.section(0, r.in.size)); err != nil {
		return outcome{}, spoolError{err}
	}
	if r.in.changed() { // the copy may be of two halves; it is made again under its own name
		return outcome{}, notYet{holdNothing, nil}
	}
	r.d.State, r.d.Reason = drop.Quarantined, why.Error()+CopyKept+name
	return outcome{taking: drop.Taking{Drop: *r.d}}, nil
}

// keep makes durable what is in quarantine of the drop and closes it in the
// segment, which becomes durable with the batch.
func (r *reading) keep(blocks []segment.Ref) (outcome, error) {
	d := r.d
	d.Counts = r.router.counts
	name := quarantineName(d.Identity, d.Name) + ".rows.csv"
	aside, err := r.faults.commit(name)
	if err != nil {
		return outcome{}, spoolError{err}
	}
	if aside {
		r.aside = true
		r.notes = append(r.notes, fmt.Sprintf("rows and cells in quarantine as %s: %d", name, r.faults.count))
	}
	if n := d.Counts.Older; n > 0 {
		r.notes = append(r.notes, fmt.Sprintf("rows that are too old and stay in the drop: %d; to upload them: %s", n, d.Backfill()))
	}
	if len(r.ignored) > 0 {
		r.notes = append(r.notes, "not taken, because no scheduler has them: "+list(r.ignored))
	}
	if d.Counts.Rows == 0 {
		r.notes = append(r.notes, "it has no rows")
	}
	d.Reason = reason(r.notes)
	for i, b := range blocks {
		if i == 0 {
			d.Segment, d.First, d.Last = b.File, b.First, b.Last
		}
		d.First, d.Last = min(d.First, b.First), max(d.Last, b.Last)
	}
	if len(blocks) > 0 {
		meta, err := encode(*d)
		if err != nil {
			return outcome{}, err
		}
		if err := r.seg.Drop(meta); err != nil {
			return outcome{}, spoolError{err}
		}
	}
	return outcome{taking: drop.Taking{Drop: *d, Blocks: blocks, Latest: r.latest, Newest: r.newest}, rest: r.to < r.in.size}, nil
}

// encode writes a drop down for the segment. Times of files are somebody else's:
// JSON has no room for some of them.
func encode(d drop.Drop) ([]byte, error) {
	if y := d.ModTime.Year(); y < 1 || y > 9999 {
		d.ModTime = time.Time{}
	}
	b, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode drop: %w", err)
	}
	return b, nil
}

func reason(notes []string) string {
	var said []string
	for _, n := range notes {
		if n != "" {
			said = append(said, n)
		}
	}
	return strings.Join(said, "; ")
}
