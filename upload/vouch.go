package upload

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// trust is what is known of how a bucket's store vouches for what it takes.
// Taking a window's MD5 costs more than anything else that is done for it, so
// it is left out where the store does better: where it tells the SHA-256 of
// what it keeps, and its ETags name the content.
type trust uint8

const (
	unknown trust = iota // both sums are sent
	vouches              // it says what it keeps, and its ETags are MD5s: none needs to be taken here
	mute                 // it does not say, refuses to be asked, or its ETags mean something else
)

func (u *Uploader) trust(bucket string) trust {
	t, _ := u.trusts.Load(bucket)
	known, _ := t.(trust)
	return known
}

// distrust has the MD5 of all further windows taken. It is for good: a store
// that vouched once and did not the next time is several.
func (u *Uploader) distrust(bucket string) { u.trusts.Store(bucket, mute) }

// put sends a window with the sums that its bucket's store asks for. After a
// success either the window's MD5 is known, or the store vouches for what it
// keeps under the ETag that it answered.
func (u *Uploader) put(ctx context.Context, s *window.Sealed, o objstore.Object) (objstore.Info, error) {
	t := u.trust(o.Bucket)
	if t != vouches {
		takeSum(s, &o)
	}
	o.MD5, o.Vouch = s.MD5, t != mute
	info, err := u.putOnce(ctx, o)
	if o.Vouch && refused(err) {
		u.distrust(o.Bucket)
		takeSum(s, &o)
		o.MD5, o.Vouch = s.MD5, false
		info, err = u.putOnce(ctx, o)
	}
	if err != nil || !o.Vouch {
		return info, err
	}
	switch trusty := info.Vouched && info.MD5Tag(); {
	case t == vouches && trusty:
		return info, nil
	case t == unknown && trusty && info.ETag == hex.EncodeToString(s.MD5[:]):
		u.trusts.LoadOrStore(o.Bucket, vouches)
	default:
		takeSum(s, &o)
		u.distrust(o.Bucket)
	}
	info.Vouched = false // the MD5 says more
	return info, nil
}

// refused reports whether a store may have refused a PUT for the sum that it was
// asked for: Backblaze calls it an unsupported header, another might compute
// another sum.
func refused(err error) bool {
	switch objstore.KindOf(err) {
	case objstore.KindOther, objstore.KindUnsupported, objstore.KindDigest:
		return err != nil
	default:
		return false
	}
}

// takeSum takes the MD5 of a window that is in memory. Those in files have it.
func takeSum(s *window.Sealed, o *objstore.Object) {
	if s.MD5 == ([md5.Size]byte{}) && o.File == "" {
		s.MD5 = md5.Sum(o.Body)
	}
}

// fetchSum takes the MD5 of a window that is not at hand from the object that
// may be it, as after a crash between its PUT and the ledger. An object with
// other content, or one that cannot be read, tells nothing.
func (u *Uploader) fetchSum(ctx context.Context, s *window.Sealed, found objstore.Info) {
	if u.set.Reader == nil || s.MD5 != ([md5.Size]byte{}) || found.Size != s.Size {
		return
	}
	sha, sum := sha256.New(), md5.New()
	if _, err := u.set.Reader.Download(ctx, s.Bucket, s.Key, "", s.Size, io.MultiWriter(sha, sum)); err != nil {
		return
	}
	if [sha256.Size]byte(sha.Sum(nil)) == s.SHA256 {
		s.MD5 = [md5.Size]byte(sum.Sum(nil))
	}
}
