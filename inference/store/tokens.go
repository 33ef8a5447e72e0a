package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// tokenLife is how long a ClientToken is remembered.
const tokenLife = 24 * time.Hour

// ClientToken names a call that may come again.
type ClientToken struct {
	Account, Operation, Token string
	Hash                      [sha256.Size]byte // of the call's parameters in a canonical form
}

// Once runs fn in a Tx and remembers its answer for 24 h, together with what fn
// did. The same call again gets that answer, and again is true; with other
// parameters it is a conflict. Nothing is remembered of a call that failed.
func (s *Store) Once(ctx context.Context, c ClientToken, now time.Time, fn func(*Tx) (answer string, err error)) (answer string, again bool, err error) {
	token := strconv.Quote(c.Token) // any ASCII, NUL too
	err = s.Tx(ctx, func(t *Tx) error {
		var hash []byte
		err := t.q.QueryRowContext(ctx, `SELECT hash, answer FROM client_tokens WHERE account = $1 AND operation = $2 AND token = $3 AND expires_at > $4`,
			c.Account, c.Operation, token, now.UnixMicro()).Scan(&hash, &answer)
		switch {
		case err == nil && bytes.Equal(hash, c.Hash[:]):
			again = true
			return nil
		case err == nil:
			return &Error{Kind: ErrConflict, Resource: "client token", Name: c.Token, Reason: "it was used with other parameters"}
		case !errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("look up client token: %w", err)
		}
		again = false
		if answer, err = fn(t); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO client_tokens (account, operation, token, hash, expires_at, answer) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (account, operation, token) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at, answer = excluded.answer`,
			c.Account, c.Operation, token, c.Hash[:], now.Add(tokenLife).UnixMicro(), answer); err != nil {
			return fmt.Errorf("keep client token: %w", err)
		}
		return nil
	})
	if err != nil {
		return "", false, err
	}
	return answer, again, nil
}

// PruneClientTokens removes at most limit tokens that have expired, and tells
// how many.
func (t *Tx) PruneClientTokens(ctx context.Context, now time.Time, limit int) (int64, error) {
	n, err := t.exec(ctx, `DELETE FROM client_tokens WHERE (account, operation, token) IN (
		SELECT account, operation, token FROM client_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`, now.UnixMicro(), limit)
	if err != nil {
		return 0, fmt.Errorf("prune client tokens: %w", err)
	}
	return n, nil
}
