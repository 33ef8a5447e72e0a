package upload_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/upload"
)

// sink is a server that keeps sizes and hashes only, so that clients can be
// measured. UPLOAD_SINK names one in a process of its own instead, whose CPU
// time is then not counted.
type sink struct {
	mu      sync.Mutex
	objects map[string][2]string // path -> size, ETag
	sorted  map[string][]string  // bucket -> keys
}

func newSink() *sink { return &sink{objects: map[string][2]string{}, sorted: map[string][]string{}} }

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(r.URL.Path[1:], "/")
	switch {
	case r.Method == http.MethodPut:
		h := md5.New()
		n, _ := io.Copy(h, r.Body)
		etag := hex.EncodeToString(h.Sum(nil))
		s.mu.Lock()
		s.objects[r.URL.Path] = [2]string{strconv.FormatInt(n, 10), etag}
		if i, found := slices.BinarySearch(s.sorted[bucket], key); !found {
			s.sorted[bucket] = slices.Insert(s.sorted[bucket], i, key)
		}
		s.mu.Unlock()
		w.Header().Set("ETag", `"`+etag+`"`)
	case r.Method == http.MethodHead:
		s.mu.Lock()
		o, ok := s.objects[r.URL.Path]
		s.mu.Unlock()
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("ETag", `"`+o[1]+`"`)
		w.Header().Set("Content-Length", o[0])
	case r.URL.Query().Has("list-type"):
		s.list(w, r, bucket)
	}
}

func (s *sink) list(w http.ResponseWriter, r *http.Request, bucket string) {
	q := r.URL.Query()
	prefix, after := q.Get("prefix"), max(q.Get("start-after"), q.Get("continuation-token"))
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := s.sorted[bucket]
	i, found := slices.BinarySearch(keys, max(after, prefix))
	if found && after >= prefix {
		i++
	}
	var b strings.Builder
	last, n := "", 0
	for ; i < len(keys) && n < 1000 && strings.HasPrefix(keys[i], prefix); i, n = i+1, n+1 {
		last = keys[i]
		o := s.objects["/"+bucket+"/"+last]
		fmt.Fprintf(&b, `<Contents><Key>%s</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;%s&quot;</ETag><Size>%s</Size><StorageClass>STANDARD</StorageClass></Contents>`, last, o[1], o[0])
	}
	w.Header().Set("Content-Type", "application/xml")
	more := i < len(keys) && n == 1000
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>b</Name><KeyCount>%d</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>%v</IsTruncated><NextContinuationToken>%s</NextContinuationToken>%s</ListBucketResult>`, n, more, last, b.String())
}

// BenchmarkBacklog uploads 10,000 pending windows of 56 KB, checks included.
func BenchmarkBacklog(b *testing.B) {
	endpoint := os.Getenv("UPLOAD_SINK")
	if endpoint == "" {
		srv := httptest.NewServer(newSink())
		defer srv.Close()
		endpoint = srv.URL
	}
	keys := filepath.Join(b.TempDir(), "credentials")
	if err := os.WriteFile(keys, []byte("[default]\naws_access_key_id=a\naws_secret_access_key=b\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	const n = 10_000
	for round := range b.N {
		b.StopTimer()
		c, err := objstore.New(b.Context(), objstore.Settings{Endpoint: endpoint, PathStyle: true, CredentialsFile: keys}, zap.NewNop())
		if err != nil {
			b.Fatal(err)
		}
		q := newSpool(b, fmt.Sprintf("bench-%d-%d", time.Now().UnixNano(), round))
		for i := range n {
			q.seal(b, i, 56_000, time.Now().Add(-time.Hour))
		}
		u := upload.New(q, c, time.Now, upload.Settings{Instance: "gw-17"}, zap.NewNop())
		before := cpuTime()
		start := time.Now()
		b.StartTimer()
		if err := u.Drain(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		b.ReportMetric(n/time.Since(start).Seconds(), "objects/s")
		b.ReportMetric(float64((cpuTime()-before).Microseconds())/n, "cpu-us/object")
		if q.left() != 0 {
			b.Fatal(q.left(), "left")
		}
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
