package jobs

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"millwright/inference/lake"
	"millwright/inference/store"
	"millwright/internal/objstore"
	"millwright/internal/resultline"
)

// diagnostics is the object with a version's results. It grows in a scratch file: of
// many sensors and a fine rate it is larger than memory.
type diagnostics struct {
	file   *os.File
	packed *gzip.Writer
	line   []byte
}

func newDiagnostics(scratch string) (*diagnostics, error) {
	f, err := os.CreateTemp(scratch, "millwright-diagnostics-*.scratch")
	if err != nil {
		return nil, fmt.Errorf("create scratch file: %w", err)
	}
	return &diagnostics{file: f, packed: gzip.NewWriter(f)}, nil
}

func (d *diagnostics) add(r resultline.Row) error {
	d.line = resultline.Append(d.line[:0], r)
	_, err := d.packed.Write(d.line)
	return err
}

// put ends the object and sends it.
func (d *diagnostics) put(ctx context.Context, s3 lake.Store, to *store.S3Object) error {
	if err := d.packed.Close(); err != nil {
		return err
	}
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, d.file)
	if err != nil {
		return err
	}
	_, err = s3.PutFile(ctx, objstore.Object{Bucket: to.Bucket, Key: to.Key, File: d.file.Name(), Size: size, SHA256: [32]byte(sum.Sum(nil))})
	return err
}

// close gives the scratch file back.
func (d *diagnostics) close() {
	_ = d.file.Close()
	_ = os.Remove(d.file.Name())
}
