package backfill

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"millwright/ingest/seal"
	"millwright/internal/ledger"
	"millwright/internal/objstore"
	"millwright/internal/window"
)

// look is the carrier of a dry run: it compares and lists.
type look struct {
	*history
	blind bool // the store cannot be asked
}

func (l *look) finish() {}

func (l *look) send(ctx context.Context, part seal.Span, _ float64) error {
	records, err := l.led.Windows(ctx, ledger.WindowFilter{From: part.From, To: part.To})
	if err != nil {
		return err
	}
	slices.SortFunc(records, func(a, b window.Record) int {
		return strings.Compare(a.Bucket+"\x00"+a.Key, b.Bucket+"\x00"+b.Key)
	})
	records = slices.DeleteFunc(records, func(r window.Record) bool {
		return r.Generation == 0 || r.Start < part.From || r.End > part.To
	})
	for len(records) > 0 {
		n := 1
		for n < len(records) && records[n].Bucket == records[0].Bucket {
			n++
		}
		if err := l.bucket(ctx, records[:n]); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// bucket compares windows of one bucket, in the order of their keys. One
// listing tells most of it.
func (l *look) bucket(ctx context.Context, records []window.Record) error {
	first, last := records[0].Key, records[len(records)-1].Key
	there := map[string]objstore.Info{}
	listed := !l.blind && l.store.List(ctx, records[0].Bucket, common(first, last), first[:len(first)-1], func(page []objstore.Info) (bool, error) {
		for _, in := range page {
			there[in.Key] = in
		}
		return len(page) > 0 && page[len(page)-1].Key < last, nil
	}) == nil
	for i := range records {
		r := &records[i]
		state, found := stateNew, there[r.Key]
		var err error
		switch {
		case listed && found.Key == "":
		case listed && sameContent(objstore.Info{Size: found.Size, ETag: found.ETag}, r.Size, "", hex.EncodeToString(r.MD5[:])):
			state = stateThere
			l.sum.Objects.Adopted++
		default:
			state, err = l.compare(ctx, r)
		}
		if err != nil {
			return err
		}
		l.sum.List = append(l.sum.List, objectOf(r, state))
	}
	return nil
}

// compare says what would become of a window. A store that cannot be asked is
// asked once only.
func (l *look) compare(ctx context.Context, r *window.Record) (string, error) {
	if l.blind {
		return stateUnknown, nil
	}
	found, err := l.store.Head(ctx, r.Bucket, r.Key)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, objstore.ErrNotFound):
		return stateNew, nil
	case err != nil:
		what, remedy := objstore.Explain(err)
		l.blind = true
		l.sum.note("the store cannot be asked what it holds: %s; %s", what, remedy)
		return stateUnknown, nil
	case sameContent(found, r.Size, hex.EncodeToString(r.SHA256[:]), hex.EncodeToString(r.MD5[:])):
		l.sum.Objects.Adopted++
		return stateThere, nil
	case l.o.Replace:
		return stateReplaced, nil
	}
	l.sum.Differences = append(l.sum.Differences, difference(r.Sealed, found))
	return stateDiffers, nil
}

// States of an Object.
const (
	stateSent     = "sent"
	stateThere    = "there"     // the same content
	stateNew      = "new"       // a dry run's: it would be sent
	stateReplaced = "replaced"  // a dry run's: it would replace other content
	stateDiffers  = "different" // other content, left alone
	stateUnknown  = "unknown"   // the store could not be asked
)

// sameContent tells whether an object has the bytes of the hashes (hex).
func sameContent(found objstore.Info, size int64, sha, md5 string) bool {
	if found.Size != size || found.SHA256 != sha && found.ETag != md5 {
		return false
	}
	// An ETag that is an MD5 is surer than what a writer noted.
	plain := !found.KMS && len(found.ETag) == 32 && strings.Trim(found.ETag, "0123456789abcdef") == ""
	return !plain || found.ETag == md5
}

// common is the longest common prefix.
func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}
