package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.uber.org/zap"

	"millwright/internal/series"
)

// Why a part is read again.
var (
	errDisorder = errors.New("rows are out of order")
	errUnnamed  = errors.New("the first line does not look like a header, and is no row either")
)

// Ingest reads a file into the lake and gives what it became. It begins at a
// checkpoint; after every part, when all of it is in the bucket, save is called
// with the next one, and its error ends the work. From whatever checkpoint it is
// called again, and however often, the same objects are written.
//
// The error is a *DiscardError when nothing of the file can be used, a
// *RefuseError when the whole ingestion has to fail, a *ChangedError when the
// file was replaced; any other may go away.
func (l *Lake) Ingest(ctx context.Context, f File, from Checkpoint, save func(context.Context, Checkpoint) error) (*Manifest, error) {
	m, ok, err := l.Manifest(ctx, f)
	if err != nil {
		return nil, err
	}
	if ok {
		return m, l.forgetParts(ctx, f, m.Parts)
	}
	if csvSuffix(f.Key) < 0 {
		return nil, &DiscardError{Reason: "it is no CSV: its name does not end in .csv or .csv.gz"}
	}
	if f.Size > l.o.MaxFile {
		return nil, &DiscardError{Reason: fmt.Sprintf("the file has %d bytes, more than %d; split it", f.Size, l.o.MaxFile)}
	}
	m, err = l.parts(ctx, f, from, save)
	if err != nil {
		return nil, err
	}
	if m.Parts > 1 {
		if m, err = l.gatherParts(ctx, f, m); err != nil {
			return nil, err
		}
	}
	if m.values() == 0 {
		return nil, l.undo(ctx, f, m.Parts, m, &DiscardError{Reason: "none of its sensors has a value"})
	}
	if err := l.putJSON(ctx, f.ManifestKey(), m); err != nil {
		return nil, err
	}
	return m, l.forgetParts(ctx, f, m.Parts)
}

// parts reads the parts that are left and gives the manifest of the last one,
// whose Parts is the number of all.
func (l *Lake) parts(ctx context.Context, f File, c Checkpoint, save func(context.Context, Checkpoint) error) (*Manifest, error) {
	var t *text
	defer func() {
		if t != nil {
			t.close()
		}
	}()
	for {
		if t == nil {
			var err error
			if t, err = l.openText(ctx, f, c); err != nil {
				return nil, err
			}
		}
		m, next, err := l.part(ctx, f, t, c)
		switch {
		case errors.Is(err, errDisorder):
			l.log.Debug("rows are out of order, sorting", zap.String("key", f.Key), zap.Int("part", c.Part))
			t.close()
			t, c.Sort = nil, true
			continue
		case errors.Is(err, errUnnamed):
			t.close()
			t, c.named = nil, true
			continue
		case err != nil:
			return nil, l.undo(ctx, f, c.Part, m, err)
		}
		more, err := t.more()
		if err != nil {
			return nil, err
		}
		if !more && t.damage != "" {
			m.Notes = append(m.Notes, t.damage)
		}
		if !more && c.Part == 0 {
			return m, nil
		}
		if err := l.putJSON(ctx, f.partKey(c.Part), m); err != nil {
			return nil, err
		}
		if !more {
			m.Parts = c.Part + 1
			return m, nil
		}
		if err := save(ctx, next); err != nil {
			return nil, err
		}
		c = next
	}
}

// gatherParts adds up the manifests of all parts.
func (l *Lake) gatherParts(ctx context.Context, f File, last *Manifest) (*Manifest, error) {
	var all *Manifest
	for part := range last.Parts {
		m := &Manifest{}
		ok, err := l.getJSON(ctx, f.partKey(part), m)
		if err == nil && !ok {
			err = fmt.Errorf("read %s: it is not there: begin again at the first part", f.partKey(part))
		}
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = m
		} else {
			all.append(m)
		}
	}
	slices.SortStableFunc(all.Objects, func(a, b Object) int { return int(min(1, max(-1, a.Day-b.Day))) })
	return all, nil
}

// undo removes what a file became that turns out to be no use: the objects of
// parts before this one, and those that last has. It gives the reason back.
func (l *Lake) undo(ctx context.Context, f File, part int, last *Manifest, reason error) error {
	var discard *DiscardError
	if !errors.As(reason, &discard) {
		return reason
	}
	for n := range part + 1 {
		m := &Manifest{}
		if _, err := l.getJSON(ctx, f.partKey(n), m); err != nil {
			return err
		}
		if n == part && last != nil {
			m = last
		}
		for _, o := range m.Objects {
			if err := l.Remove(ctx, o.Key); err != nil {
				return err
			}
		}
	}
	if err := l.forgetParts(ctx, f, part+1); err != nil {
		return err
	}
	return reason
}

func (l *Lake) forgetParts(ctx context.Context, f File, parts int) error {
	if parts < 2 {
		return nil
	}
	_, err := l.RemoveUnder(ctx, strings.TrimSuffix(f.ManifestKey(), ".json")+"/", 0)
	return err
}

// part reads one part into objects. With an error it gives those that may be
// there already.
func (l *Lake) part(ctx context.Context, f File, t *text, c Checkpoint) (*Manifest, Checkpoint, error) {
	start := t.offset
	in := t.part(l.o.Part)
	bad := map[string]int64{} // cells that are no number, by column
	o := series.Options{MaxBytes: -1, OnFault: func(fault series.Fault) {
		if fault.Kind == series.BadCell {
			bad[fault.Column]++
		}
	}}
	switch wide, err := t.utf16(); {
	case err != nil:
		return nil, c, err
	case wide:
		in.whole()
	}
	if c.named {
		o.Header = []int{1}
	}
	if c.Dialect != nil {
		o.Resume = &series.Resume{Dialect: *c.Dialect, Offset: c.Offset, Line: c.Line}
	}
	r, err := series.NewReader(in, o)
	if err != nil {
		return nil, c, judge(err)
	}
	defer r.Close()
	h, err := header(f, r.Dialect(), c.named)
	if err != nil {
		return nil, c, err
	}
	sensors := h.Sensors
	if f.Sensors != nil {
		sensors = slices.DeleteFunc(slices.Clone(sensors), func(s string) bool { return !slices.Contains(f.Sensors, s) })
	}
	if len(sensors) == 0 {
		return nil, c, &DiscardError{Reason: "it has no column with a sensor of the schema"}
	}
	d, err := l.newDays(ctx, f, c.Part, sensors)
	if err != nil {
		return nil, c, err
	}
	defer d.close()
	if err := read(ctx, r, d, c.Sort, l); err != nil {
		d.close()
		return &Manifest{Objects: d.objects}, c, judge(err)
	}
	m := &Manifest{Seq: f.Seq, Key: f.Key, ETag: f.ETag, Component: f.Component, Header: h, Parts: 1, Bytes: t.offset - start}
	if m.Objects, err = d.end(); err != nil {
		return nil, c, err
	}
	m.tell(r, d.gatherer.end(), bad)
	dialect := r.Dialect()
	next := Checkpoint{Part: c.Part + 1, Offset: t.offset, Gzip: t.gzip, Sort: c.Sort, Dialect: &dialect}
	_, next.Line = r.Consumed()
	return m, next, nil
}

// judge tells files that are no use from everything else.
func judge(err error) error {
	var hopeless *series.HopelessError
	if errors.As(err, &hopeless) {
		return &DiscardError{Reason: hopeless.Error()}
	}
	var discard *DiscardError
	if errors.As(err, &discard) {
		return discard
	}
	return plain(err)
}

// header checks a file's columns. named says that the first line was taken for
// their names already.
func header(f File, d series.Dialect, named bool) (Header, error) {
	h := Header{Component: f.Component}
	if len(d.Header) == 0 {
		if d.Data == 2 && !named {
			return h, errUnnamed
		}
		return h, &DiscardError{Reason: "it has no header: name the columns in the first line, the timestamp first"}
	}
	var invalid []string
	seen := map[string]bool{}
	for i, name := range d.Columns {
		if i == d.Stamp {
			h.Timestamp = name
			continue
		}
		switch {
		case i < d.Stamp || i == d.Stamp+1 && d.StampSpan == 2 || slices.Contains(d.Unnamed, i):
			continue
		case !validSensor(name):
			invalid = append(invalid, fmt.Sprintf("%.200q", name))
			continue
		case seen[name]:
			return h, &DiscardError{Reason: fmt.Sprintf("its header has %s twice", name)}
		}
		seen[name] = true
		h.Sensors = append(h.Sensors, name)
	}
	if len(invalid) > 0 {
		more := ""
		if len(invalid) > MaxFaults {
			more, invalid = fmt.Sprintf(" and %d more", len(invalid)-MaxFaults), invalid[:MaxFaults]
		}
		return h, &RefuseError{Reason: fmt.Sprintf("the header of %s has columns with characters that are not allowed: %s%s; use 1 to 200 of 0-9 A-Z a-z : # $ . _ -", f.Key, strings.Join(invalid, ", "), more)}
	}
	return h, nil
}

// tell notes what could not be used.
func (m *Manifest) tell(r *series.Reader, sensors []*Sensor, bad map[string]int64) {
	rep := r.Report()
	m.Rows, m.BadStamps = rep.Used, rep.Bad[series.BadStamp]
	m.BadRows = rep.Rows - rep.Used - m.BadStamps
	m.Notes = append(m.Notes, rep.Warnings...)
	if len(rep.Faults) > 0 {
		fault := rep.Faults[0]
		m.Notes = append(m.Notes, fmt.Sprintf("line %d: %s: %.100q", fault.Line, fault.Reason, fault.Text))
	}
	for _, s := range sensors {
		s.Invalid += bad[s.Name]
		if slices.Contains(rep.TextColumns, s.Name) {
			s.Invalid += s.Cells - s.Values - bad[s.Name]
		}
		s.InvalidDates += m.BadStamps
	}
	m.Sensors = sensors
}
