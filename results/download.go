package results

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// maxReads is how often an object is read in a row that is replaced meanwhile.
const maxReads = 3

// download is an object that was written beside its place.
type download struct {
	objstore.Info
	file  *late
	sum   [sha256.Size]byte
	other bool // these bytes may be those of an object with another ETag
}

// download reads a window's object unless it is one that is known. A store may
// give the old bytes of an object that is being replaced with the new ETag: by
// that tag they would be taken for the new ones for ever, so that bytes that do
// not fit their tag are read again, until the same tag comes twice: then its
// tags are most likely something else.
func (f *follower) download(ctx context.Context, o window.Outcome) (download, error) {
	known := f.refused(o)
	if known == "" {
		known = o.ETag
	}
	var before string
	for reads := 1; ; reads++ {
		d := download{file: &late{target: f.file(window.ResultPath(f.Name, o.Start))}}
		sum, tag := sha256.New(), md5.New()
		var err error
		d.Info, err = f.r.store.Download(ctx, f.Bucket, window.ResultKey(f.Prefix, o.Start), known, f.r.set.Limits.Bytes, io.MultiWriter(d.file, sum, tag, turning{f}))
		sum.Sum(d.sum[:0])
		d.other = err == nil && d.MD5Tag() && !strings.EqualFold(d.ETag, hex.EncodeToString(tag.Sum(nil)))
		if !d.other || d.ETag == before || reads == maxReads {
			return d, err
		}
		before = d.ETag
		d.file.Close()
	}
}

// turning is a writer that shows that the loop goes on: a large result over a
// slow link takes longer than a loop may stand still.
type turning struct{ f *follower }

func (t turning) Write(p []byte) (int, error) {
	t.f.r.set.Turned(t.f.Name)
	return len(p), nil
}
