package take

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"millwright/internal/drop"
	"millwright/internal/series"
)

// plan is which bytes of a file are read, and how.
type plan struct {
	from, to int64
	resume   *series.Resume // nil: from the beginning
	repeat   *drop.Drop     // nothing is new since this drop of the path
	ended    bool           // to is the end of a line
}

// plan decides what of an open drop is read (ruling 8): the whole lines, and a
// last line without newline once it is believed; of a file that grew with its
// earlier bytes unchanged only what is new.
func (t *Taker) plan(ctx context.Context, c *Candidate, in *content) (plan, error) {
	p := plan{to: in.size}
	if nul, err := in.nul(); err != nil {
		return p, unreadable("read drop", err)
	} else if nul && !c.still {
		return p, notYet{holdStill, nil}
	} else if nul {
		return p, refuse("it ends in NUL bytes: its writer has not finished it, or lost power; it is read when it changes")
	}
	lines, whole, err := in.lines()
	if err != nil {
		return p, unreadable("read drop", err)
	}
	p.ended = whole
	if !whole && !c.still {
		if lines == 0 || in.wide {
			return p, notYet{holdStill, nil}
		}
		p.to, p.ended = lines, true
	}
	if !c.seen {
		return p, nil
	}
	prev, ok, err := t.ledger.Path(ctx, c.Folder, c.Name)
	if err != nil || !ok || prev.Part.To == 0 || prev.Part.To > in.size {
		return p, err
	}
	sum, err := in.prefix(prev.Part.To, t.dirs.Prints)
	if err != nil {
		return p, unreadable("read drop", err)
	}
	if sum != prev.Part.Prefix {
		return p, nil // corrected content: a new version, read as a whole
	}
	if prev.Part.To == in.size {
		p.repeat = &prev
		return p, nil
	}
	return p.goOn(prev, c.still, in.size)
}

// goOn continues after the part that was taken, if its dialect allows it.
func (p plan) goOn(prev drop.Drop, still bool, size int64) (plan, error) {
	if len(prev.Part.Dialect) == 0 {
		return p, nil
	}
	var d series.Dialect
	if err := json.Unmarshal(prev.Part.Dialect, &d); err != nil {
		return p, nil // written by another program: read as a whole
	}
	if p.to <= prev.Part.To {
		return p, notYet{holdStill, nil} // only the beginning of a line is new
	}
	resume := &series.Resume{Dialect: d, Offset: prev.Part.To, Line: prev.Part.Line}
	if _, err := series.NewReader(strings.NewReader(""), series.Options{Resume: resume}); err != nil {
		return p, nil // as above
	}
	p.from, p.resume = prev.Part.To, resume
	return p, nil
}

// part describes what was read, for the next time. Without a dialect the file is
// read as a whole when it has grown: its last line may go on, or it cannot be
// read from the middle.
func (r *reading) part(rd *series.Reader, known *form) error {
	_, r.d.Part.Line = rd.Consumed()
	r.d.Part.Dialect = nil
	if !r.ended || !rd.Resumable() || r.router.counts.Rows == 0 && r.resume == nil {
		return nil
	}
	if known != nil {
		r.d.Part.Dialect = known.json
		return nil
	}
	b, err := json.Marshal(rd.Dialect())
	if err != nil {
		return fmt.Errorf("encode dialect: %w", err)
	}
	if r.d.Part.Dialect = b; r.in.data != nil && r.from == 0 && r.router.unread == 0 {
		r.forms.learn(r.c.folder.index, r.in.data, rd.Dialect(), b, r.router.columns)
	}
	return nil
}
