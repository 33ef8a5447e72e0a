package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Page is a piece of a list: at most Limit rows (1 to 500; 0: 100) after the
// place that Token names. Lists return the Token of the next piece, "" after
// the last one. A Token is a place in the list's order and a hash of its
// filters: it holds for ever and on every node, also when rows come and go
// meanwhile, but not for other filters (ErrToken). Limit may change.
type Page struct {
	Limit int
	Token string
}

const (
	defaultLimit = 100
	maxLimit     = 500
	hashBytes    = 9 // of the filters; a multiple of three keeps tokens tidy
)

// place is where a row stands: its sort columns, of which the second may be
// missing.
type place struct {
	n  int64
	id string
}

// listing is a list that can be paged through: rows of from that pass where, in
// the order of keys (one integer column, and a text column where that one is not
// unique), which never change.
type listing[T any] struct {
	name      string // tells its tokens from those of other lists
	from      string // SELECT ... FROM ...
	keys      [2]string
	ascending bool // else the highest first
	where     where
	scan      func(scanner) (T, error)
	at        func(T) place
}

func (l listing[T]) page(ctx context.Context, r Reader, p Page) ([]T, string, error) {
	if err := storable(l.where.args); err != nil {
		return nil, "", nil // nothing is like a text that cannot be stored
	}
	hash := l.hash()
	if p.Token != "" {
		after, err := parseToken(p.Token, hash)
		if err != nil {
			return nil, "", &Error{Kind: ErrToken, Resource: l.name, Reason: "begin the list again without it"}
		}
		l.after(after)
	}
	limit := p.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	rows, err := many(ctx, r, l.scan, l.query(limit+1), l.where.args...)
	if err != nil {
		return nil, "", fmt.Errorf("list %s: %w", l.name, err)
	}
	if len(rows) <= limit {
		return rows, "", nil
	}
	rows = rows[:limit]
	return rows, makeToken(l.at(rows[limit-1]), hash), nil
}

func (l *listing[T]) after(p place) {
	than := " < "
	if l.ascending {
		than = " > "
	}
	if l.keys[1] == "" {
		l.where.add(true, l.keys[0]+than+"?", p.n)
		return
	}
	l.where.add(true, "("+l.keys[0]+", "+l.keys[1]+")"+than+"(?, ?)", p.n, p.id)
}

func (l *listing[T]) query(limit int) string {
	direction := " DESC"
	if l.ascending {
		direction = ""
	}
	order := l.keys[0] + direction
	if l.keys[1] != "" {
		order += ", " + l.keys[1] + direction
	}
	return l.from + l.where.String() + " ORDER BY " + order + " LIMIT " + strconv.Itoa(limit)
}

// hash tells the list and its filters, before after adds the place.
func (l *listing[T]) hash() []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%q", l.name)
	for _, term := range l.where.terms {
		fmt.Fprintf(h, "%q", term)
	}
	for _, arg := range l.where.args {
		fmt.Fprintf(h, "%q", fmt.Sprint(arg))
	}
	return h.Sum(nil)[:hashBytes]
}

func makeToken(p place, hash []byte) string {
	b := binary.AppendVarint(slices.Clone(hash), p.n)
	return base64.RawURLEncoding.EncodeToString(append(b, p.id...))
}

func parseToken(token string, hash []byte) (place, error) {
	bad := fmt.Errorf("token %.40q", token)
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) <= hashBytes || !slices.Equal(b[:hashBytes], hash) {
		return place{}, bad
	}
	n, size := binary.Varint(b[hashBytes:])
	if size <= 0 {
		return place{}, bad
	}
	p := place{n: n, id: string(b[hashBytes+size:])}
	if storable([]any{p.id}) != nil {
		return place{}, bad
	}
	return p, nil
}

// where collects conditions that all have to hold.
type where struct {
	terms []string
	args  []any
}

// add adds a condition if it applies; each question mark is the next of args.
func (w *where) add(applies bool, term string, args ...any) {
	if !applies {
		return
	}
	var b strings.Builder
	for _, a := range args {
		before, rest, _ := strings.Cut(term, "?")
		w.args = append(w.args, a)
		b.WriteString(before + "$" + strconv.Itoa(len(w.args)))
		term = rest
	}
	w.terms = append(w.terms, b.String()+term)
}

// begins adds that column's text begins with prefix.
func (w *where) begins(column, prefix string) {
	w.add(prefix != "", "substr("+column+", 1, ?) = ?", len([]rune(prefix)), prefix)
}

func (w *where) String() string {
	if len(w.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.terms, " AND ")
}
