package backend

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
	"millwright/internal/sqldb"
)

// once makes what in asks for, and answers the same to the same request with the
// same token. What fn finds wrong is told only the first time; what is wrong with
// the request by itself may be told before.
func once[In, Out any](ctx context.Context, b *Backend, c api.Caller, operation, token string, in *In, fn func(*store.Tx) (*Out, error)) (*Out, error) {
	canonical, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("hash %s: %w", operation, err)
	}
	call := store.ClientToken{Account: c.Account, Operation: operation, Token: token, Hash: sha256.Sum256(canonical)}
	answer, _, err := b.store.Once(ctx, call, b.now(), func(t *store.Tx) (string, error) {
		out, err := fn(t)
		if err != nil {
			return "", err
		}
		text, err := json.Marshal(out)
		return string(text), err
	})
	if err != nil {
		return nil, refused(err)
	}
	out := new(Out)
	if err := json.Unmarshal([]byte(answer), out); err != nil {
		return nil, fmt.Errorf("repeat the answer of %s: %w", operation, err)
	}
	return out, nil
}

// change makes changes that need no token.
func (b *Backend) change(ctx context.Context, fn func(*store.Tx) error) error {
	return refused(b.store.Tx(ctx, fn))
}

// refused turns what the store refuses into what the API says.
func refused(err error) error {
	var e *store.Error
	if !errors.As(err, &e) {
		if sqldb.Retryable(err) { // it was tried again and again
			return api.Throttled("too many calls change the same things; try again later")
		}
		return err
	}
	switch {
	case errors.Is(e, store.ErrNotFound):
		return api.NotFound("%s %s is not there", e.Resource, e.Name)
	case errors.Is(e, store.ErrConflict):
		return api.Conflict("%v", e)
	case errors.Is(e, store.ErrQuota):
		return api.Quota("%v", e)
	case errors.Is(e, store.ErrToken):
		return api.Invalid("NextToken", "Member must be a token that this list gave for the same filters; begin the list again without it")
	case errors.Is(e, store.ErrInvalid):
		return &api.Error{Type: api.ValidationException, Message: e.Error()}
	}
	return err
}

func missing(err error) bool { return errors.Is(err, store.ErrNotFound) }

func page(most int, token string) store.Page { return store.Page{Limit: most, Token: token} }

// all turns each of a list into its wire form.
func all[From, To any](list []From, to func(From) To) []To {
	out := make([]To, len(list))
	for i, v := range list {
		out[i] = to(v)
	}
	return out
}

// put adds the tags of a new resource.
func put(ctx context.Context, t *store.Tx, arn string, tags []wire.Tag) error {
	return t.PutTags(ctx, arn, all(tags, func(w wire.Tag) store.Tag { return store.Tag(w) }))
}

// clipped keeps a text within what the API allows in an answer.
func clipped(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(slices.Concat(r[:most-3], []rune("...")))
	}
	return text
}

const maxReason = 5000 // characters
