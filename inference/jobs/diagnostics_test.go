package jobs

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"testing"

	"millwright/inference/lake"
	"millwright/inference/store"
	"millwright/internal/objstore"
	"millwright/internal/resultline"
)

// taker is an S3 that keeps the file it is given.
type taker struct {
	lake.Store
	got  objstore.Object
	body []byte
}

func (s *taker) PutFile(_ context.Context, o objstore.Object) (_ objstore.Info, err error) {
	s.got = o
	s.body, err = os.ReadFile(o.File)
	return objstore.Info{}, err
}

func TestDiagnosticsAreResultLines(t *testing.T) {
	t.Parallel()
	scratch := t.TempDir()
	d, err := newDiagnostics(scratch)
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for i := range 3 {
		r := resultline.Row{Time: int64(i) * 1e9, Reason: resultline.MachineOff}
		want = resultline.Append(want, r)
		if err := d.add(r); err != nil {
			t.Fatal(err)
		}
	}
	s3 := &taker{}
	if err := d.put(t.Context(), s3, &store.S3Object{Bucket: "b", Key: "out/k"}); err != nil {
		t.Fatal(err)
	}
	d.close()
	z, err := gzip.NewReader(bytes.NewReader(s3.body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); err != nil || !bytes.Equal(text, want) || len(want) == 0 {
		t.Errorf("%q %v", text, err)
	}
	if o := s3.got; o.Bucket != "b" || o.Key != "out/k" || o.Size != int64(len(s3.body)) || o.SHA256 != sha256.Sum256(s3.body) {
		t.Errorf("%+v", o)
	}
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}
