package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"millwright/internal/window"
)

const (
	sealedColumns = `t.scheduler, t.component, w.start, w.generation, w.bucket, w.key, w.path, w.size, w.sha256, w.md5, w.wake, w.overdue,
		w.uploaded, w.attempts, w.next_try`
	recordColumns = sealedColumns + `, w.finish, w.sealed_seq, w.sealed_at, w.first_sealed_at, w.last_row_at, w.real_rows, w.held_only, w.silent,
		w.closed, w.unverified, w.verified, w.verified_at, w.etag, w.late, w.repeated, w.error, w.remedy, w.error_at, w.kept`
	windowTables = ` FROM windows w JOIN streams t ON t.id = w.stream `

	selectWindow      = `SELECT ` + recordColumns + windowTables + `WHERE t.scheduler = $1 AND t.component = $2 AND w.start = $3`
	selectLiveWindows = `SELECT ` + recordColumns + ` FROM windows w INDEXED BY windows_live JOIN streams t ON t.id = w.stream WHERE w.closed = 0`
	selectDropWindows = `SELECT DISTINCT t.scheduler, t.component, w.start FROM blocks b
		JOIN components c ON c.id = b.component JOIN streams t ON t.component = c.name
		JOIN windows w ON w.stream = t.id AND w.start <= b.slot AND w.start > b.slot - $2 AND w.finish > b.slot
		WHERE b."drop" = $1 ORDER BY 1, 2, 3`
	selectFoldedWindows = `SELECT t.scheduler, t.component, w.start FROM drops d JOIN streams t ON t.component = d.component
		JOIN windows w ON w.stream = t.id AND w.start < d.last AND w.start >= d.first - $2 AND w.finish >= d.first
		WHERE d.id = $1 ORDER BY 1, 2, 3`
)

// longest is more than any upload frequency: no window that starts so much
// before a row can hold it.
const longest = 24 * time.Hour

// LiveWindows gives all windows that are not closed.
func (l *Ledger) LiveWindows(ctx context.Context) ([]window.Record, error) {
	out, err := all(ctx, l.db.Read, scanRecord, selectLiveWindows)
	if err != nil {
		return nil, fmt.Errorf("list live windows: %w", err)
	}
	return out, nil
}

// Window gives what is known of a window; false for one never heard of.
func (l *Ledger) Window(ctx context.Context, id window.ID) (window.Record, bool, error) {
	r, ok, err := one(ctx, l.reads, scanRecord, selectWindow, id.Scheduler, id.Component, id.Start)
	if err != nil {
		return r, false, fmt.Errorf("look up window: %w", err)
	}
	return r, ok, nil
}

// WindowFilter chooses windows; zero fields choose all.
type WindowFilter struct {
	Scheduler string
	Component string
	From, To  int64 // windows that hold instants t with From < t <= To (Unix ns)
	Live      bool  // only those that are not closed
	Troubled  bool  // only those with an error
	Limit     int
}

// Windows gives the chosen windows, the newest first.
func (l *Ledger) Windows(ctx context.Context, f WindowFilter) ([]window.Record, error) {
	var q where
	q.add(f.Scheduler != "", "t.scheduler = ", f.Scheduler)
	q.add(f.Component != "", "t.component = ", f.Component)
	q.add(f.From != 0, "w.finish > ", f.From)
	q.add(f.From != 0, "w.start > ", f.From-int64(longest)) // this one is what the index knows
	q.add(f.To != 0, "w.start < ", f.To)
	if f.Live {
		q.terms = append(q.terms, "w.closed = 0")
	}
	if f.Troubled {
		q.terms = append(q.terms, "w.error <> ''")
	}
	query := "SELECT " + recordColumns + windowTables + q.String() + " ORDER BY w.start DESC, t.scheduler, t.component" + q.limit(f.Limit)
	out, err := all(ctx, l.db.Read, scanRecord, query, q.args...)
	if err != nil {
		return nil, fmt.Errorf("list windows: %w", err)
	}
	return out, nil
}

// DropWindows gives the windows that cover rows of a drop, whether they were in
// time for them (SealedSeq >= the drop's ID) or not. Once its blocks are folded,
// it is all windows between its first and last row.
func (l *Ledger) DropWindows(ctx context.Context, dropID int64) ([]window.ID, error) {
	out, err := all(ctx, l.db.Read, scanWindowID, selectDropWindows, dropID, int64(longest))
	if err == nil && len(out) == 0 {
		out, err = all(ctx, l.db.Read, scanWindowID, selectFoldedWindows, dropID, int64(longest))
	}
	if err != nil {
		return nil, fmt.Errorf("list windows of drop %d: %w", dropID, err)
	}
	return out, nil
}

func scanWindowID(scan func(...any) error) (window.ID, error) {
	var id window.ID
	err := scan(&id.Scheduler, &id.Component, &id.Start)
	return id, err
}

// sealedScan has a window.Sealed and what its columns are scanned to.
type sealedScan struct {
	window.Sealed
	sha256, md5   []byte
	wake, nextTry int64
}

func (s *sealedScan) dest() []any {
	return []any{
		&s.Scheduler, &s.Component, &s.Start, &s.Generation, &s.Bucket, &s.Key, &s.Path, &s.Size, &s.sha256, &s.md5, &s.wake, &s.Overdue,
		&s.Uploaded, &s.Attempts, &s.nextTry,
	}
}

func (s *sealedScan) sealed() window.Sealed {
	copy(s.SHA256[:], s.sha256)
	copy(s.MD5[:], s.md5)
	s.Wake, s.NextTry = at(s.wake), at(s.nextTry)
	return s.Sealed
}

func scanSealed(scan func(...any) error) (window.Sealed, error) {
	var s sealedScan
	err := scan(s.dest()...)
	return s.sealed(), err
}

func scanRecord(scan func(...any) error) (window.Record, error) {
	var s sealedScan
	var r window.Record
	var sealedAt, first, lastRow, verifiedAt, errorAt int64
	err := scan(append(s.dest(), &r.End, &r.SealedSeq, &sealedAt, &first, &lastRow, &r.RealRows, &r.HeldOnly, &r.Silent,
		&r.Closed, &r.Unverified, &r.Verified, &verifiedAt, &r.ETag, &r.Late, &r.Repeated, &r.Error, &r.Remedy, &errorAt, &r.Kept)...)
	r.Sealed = s.sealed()
	r.SealedAt, r.FirstSealedAt, r.LastRowAt = at(sealedAt), at(first), at(lastRow)
	r.VerifiedAt, r.ErrorAt = at(verifiedAt), at(errorAt)
	return r, err
}

// where collects the conditions of a filter.
type where struct {
	terms []string
	args  []any
}

func (q *where) add(wanted bool, term string, arg any) {
	if wanted {
		q.args = append(q.args, arg)
		q.terms = append(q.terms, fmt.Sprintf("%s$%d", term, len(q.args)))
	}
}

func (q *where) limit(n int) string {
	if n <= 0 {
		return ""
	}
	q.args = append(q.args, n)
	return fmt.Sprintf(" LIMIT $%d", len(q.args))
}

// either is true if one of the terms is.
func (q *where) either() string {
	if len(q.terms) == 0 {
		return "FALSE"
	}
	return "(" + strings.Join(q.terms, " OR ") + ")"
}

func (q *where) String() string {
	if len(q.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(q.terms, " AND ")
}
