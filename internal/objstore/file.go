//lint:file-ignore SA1019 feature/s3/manager stays until its successor is past version 0: that one changed checksums under its users

package objstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	minPart  = 8 << 20
	maxParts = 9000 // of the 10,000 that S3 allows
)

// PutFile stores a file of any size up to 5 TiB, in parts when it has more than
// 8 MiB, four at a time. o.File names it; o.Body, o.MD5 and the conditions are
// not used. Parts of an upload that failed are taken back.
func (c *Client) PutFile(ctx context.Context, o Object) (Info, error) {
	f, err := os.Open(o.File)
	if err != nil {
		return Info{}, fmt.Errorf("put %s: %w", o.Key, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Info{}, fmt.Errorf("put %s: %w", o.Key, err)
	}
	if st.Size() != o.Size {
		return Info{}, fmt.Errorf("put %s: %s has %d bytes, %d announced", o.Key, o.File, st.Size(), o.Size)
	}
	up := manager.NewUploader(c.s3, func(u *manager.Uploader) {
		u.PartSize = partSize(o.Size)
		u.Concurrency = 4
		u.LeavePartsOnError = true // taken back below, also when ctx has ended
		u.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	})
	in := &s3.PutObjectInput{
		Bucket: &o.Bucket, Key: &o.Key, Body: f, ContentType: aws.String(o.contentType()),
		Metadata: map[string]string{
			"instance": o.Instance, "generation": strconv.FormatInt(o.Generation, 10), "sha256": hex.EncodeToString(o.SHA256[:]),
		},
	}
	if c.kms != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &c.kms
	}
	out, err := up.Upload(ctx, in)
	if err != nil {
		c.takeBack(ctx, o, err)
		return Info{}, c.wrap("put", o.Bucket, o.Key, c.convert(err))
	}
	return Info{Key: o.Key, Size: o.Size, ETag: strings.Trim(aws.ToString(out.ETag), `"`)}, nil
}

// takeBack removes the parts of an upload that failed: they cost money, unseen.
func (c *Client) takeBack(ctx context.Context, o Object, err error) {
	var mu manager.MultiUploadFailure
	if !errors.As(err, &mu) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	id := mu.UploadID()
	_, _ = c.s3.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &o.Bucket, Key: &o.Key, UploadId: &id})
}

// partSize is the smallest multiple of 1 MiB, from 8 MiB, with which size bytes
// fit into the parts allowed.
func partSize(size int64) int64 {
	p := (size/maxParts + 1<<20 - 1) &^ (1<<20 - 1)
	return max(p, minPart)
}
