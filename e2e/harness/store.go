package harness

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

// The store's one account.
const (
	AccessKey = "harness"
	SecretKey = "harness-secret"
	Region    = "plant-1"
)

// Store is the S3 server of a test process, of which there can be only one. It is
// not the program's own embedded one, so that the two cannot be wrong together.
type Store struct {
	once sync.Once
	addr string
	err  error
	stop func()
}

// Addr starts the server when it is not there yet and gives host and port.
func (s *Store) Addr(t testing.TB) string {
	t.Helper()
	s.once.Do(s.start)
	if s.err != nil {
		t.Fatalf("start the store: %v", s.err)
	}
	return s.addr
}

// Close stops the server and deletes its files.
func (s *Store) Close() {
	if s.stop != nil {
		s.stop()
	}
}

func (s *Store) start() {
	dir, err := os.MkdirTemp("", "millwright-e2e-store-")
	if err != nil {
		s.err = err
		return
	}
	s.addr, s.err = quietAddr()
	if s.err != nil {
		return
	}
	data, side := dir+"/data", dir+"/meta"
	s.err = errors.Join(os.Mkdir(data, 0o755), os.Mkdir(side, 0o755))
	if s.err != nil {
		return
	}
	storer, opts, err := attributes(data, side)
	if err != nil {
		s.err = err
		return
	}
	be, err := posix.New(data, storer, opts)
	if err != nil {
		s.err = err
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- embedgw.RunVersityGW(ctx, be, &embedgw.Config{
			RootUserAccess: AccessKey, RootUserSecret: SecretKey, Region: Region,
			Ports: []string{s.addr}, MaxConnections: 4096, MaxRequests: 4096, MultipartMaxParts: 10000,
			KeepAlive: true, Quiet: true,
		})
	}()
	s.stop = func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(stopsWithin): // stopped before it served, it never ends
		}
		os.RemoveAll(dir)
	}
	s.err = reachable(s.addr, ended)
}

// attributes keeps an object's metadata with its bytes where the file system
// can: beside them, a read may get the bytes of before with the ETag of after.
func attributes(data, side string) (meta.MetadataStorer, posix.PosixOpts, error) {
	opts := posix.PosixOpts{CopyObjectThreshold: 5 << 30}
	if (meta.XattrMeta{}).Test(data) == nil {
		return meta.XattrMeta{}, opts, nil
	}
	opts.SideCarDir = side
	beside, err := meta.NewSideCar(side)
	return beside, opts, err
}

func reachable(addr string, ended <-chan error) error {
	for end := time.Now().Add(Patience); time.Now().Before(end); {
		if c, err := net.Dial("tcp", addr); err == nil {
			return c.Close()
		}
		select {
		case err := <-ended:
			return fmt.Errorf("it ended: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("nothing answers at %s", addr)
}

// Bucket is a test's own bucket.
type Bucket struct {
	Name   string
	Client *s3.Client
}

// Bucket makes a bucket for the test.
func (s *Store) Bucket(t testing.TB) *Bucket {
	t.Helper()
	client := s3.New(s3.Options{
		Region: Region, BaseEndpoint: aws.String("http://" + s.Addr(t)), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
	})
	sum := md5.Sum([]byte(t.Name() + t.TempDir()))
	b := &Bucket{Name: "b-" + hex.EncodeToString(sum[:8]), Client: client}
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &b.Name}); err != nil {
		t.Fatalf("make a bucket: %v", err)
	}
	return b
}

// List gives the MD5 of every object by its key, as the store tells it.
func (b *Bucket) List(ctx context.Context) (map[string]string, error) {
	all := map[string]string{}
	pages := s3.NewListObjectsV2Paginator(b.Client, &s3.ListObjectsV2Input{Bucket: &b.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			all[*o.Key] = strings.Trim(*o.ETag, `"`)
		}
	}
	return all, nil
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, key string) ([]byte, error) {
	out, err := b.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.Name, Key: &key})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

// Put writes an object, as a scheduler does.
func (b *Bucket) Put(ctx context.Context, key string, content []byte) error {
	_, err := b.Client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.Name, Key: &key, Body: bytes.NewReader(content)})
	return err
}

// Differences tells in words how the bucket differs from want, for at most ten
// keys; "" when every object is there, byte for byte, and no other.
func (b *Bucket) Differences(t testing.TB, want map[string][]byte) string {
	t.Helper()
	got, err := b.List(t.Context())
	if err != nil {
		return "list the bucket: " + err.Error()
	}
	lines := b.missing(t.Context(), got, want)
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, wanted := want[key]; !wanted {
			lines = append(lines, key+" should not be there")
		}
	}
	return some(lines)
}

// Missing is Differences without the objects that should not be there.
func (b *Bucket) Missing(t testing.TB, want map[string][]byte) string {
	t.Helper()
	got, err := b.List(t.Context())
	if err != nil {
		return "list the bucket: " + err.Error()
	}
	return some(b.missing(t.Context(), got, want))
}

func (b *Bucket) missing(ctx context.Context, got map[string]string, want map[string][]byte) []string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		sum := md5.Sum(want[key])
		switch etag, there := got[key]; {
		case !there:
			lines = append(lines, key+" is missing")
		case etag != hex.EncodeToString(sum[:]):
			text, err := b.Get(ctx, key)
			if err != nil {
				text = []byte(err.Error())
			}
			lines = append(lines, key+" differs: "+firstDifference(string(text), string(want[key])))
		}
	}
	return lines
}

// some joins at most ten lines.
func some(lines []string) string {
	if n := len(lines); n > 10 {
		lines = append(lines[:10], fmt.Sprintf("and %d more", n-10))
	}
	return strings.Join(lines, "\n")
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(no line)", "(no line)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d is %q, want %q", i+1, x, y)
		}
	}
	return "in nothing"
}
