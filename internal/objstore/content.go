package objstore

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
)

// Whole is an object with a body, and the sums that stores check it by.
func Whole(bucket, key string, body []byte) Object {
	return Object{Bucket: bucket, Key: key, Body: body, Size: int64(len(body)), SHA256: sha256.Sum256(body), MD5: md5.Sum(body)} //nolint:gosec // what S3 checks
}

// WholeFile is an object of a file, for PutFile. The file is read for its sum.
func WholeFile(bucket, key, path string) (Object, error) {
	f, err := os.Open(path)
	if err != nil {
		return Object{}, err
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return Object{}, fmt.Errorf("read %s: %w", path, err)
	}
	return Object{Bucket: bucket, Key: key, File: path, Size: size, SHA256: [sha256.Size]byte(sum.Sum(nil))}, nil
}
