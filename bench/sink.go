package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// sink is an S3 server on loopback that keeps of every object its key, size and
// ETag, and drops the bytes. It shows what a client can do where the store is
// not the brake, so it checks no signature and computes no hash.
type sink struct {
	server *http.Server
	url    string

	mu      sync.Mutex
	objects map[string]listed // by path: /bucket/key
	order   []string
	count   chan int // the number of objects, newest only
}

type listed struct {
	Key          string
	Size         int64
	ETag         string
	LastModified string
}

const sinkTime = "2026-01-02T03:04:05Z"

func startSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{url: "http://" + l.Addr().String(), objects: map[string]listed{}, count: make(chan int, 1)}
	s.server = &http.Server{Handler: s}
	go s.server.Serve(l) //nolint:errcheck // it ends with Close
	return s, nil
}

func (s *sink) close() { s.server.Close() }

// ServeHTTP implements http.Handler.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case r.Method == http.MethodPut && key != "":
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		etag := strings.Repeat("0", 32)
		md5, sha := given(r, "Content-Md5"), given(r, sumHeader)
		switch { // the client's word for it: no hash is computed
		case len(md5) == 16:
			etag = hex.EncodeToString(md5)
		case len(sha) == 32:
			etag = hex.EncodeToString(sha[:16])
		}
		if len(sha) == 32 {
			w.Header().Set(sumHeader, r.Header.Get(sumHeader))
		}
		s.put(r.URL.Path, listed{key, n, `"` + etag + `"`, sinkTime})
		w.Header().Set("ETag", `"`+etag+`"`)
	case key == "":
		s.list(w, r, bucket)
	default:
		s.mu.Lock()
		o, ok := s.objects[r.URL.Path]
		s.mu.Unlock()
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("ETag", o.ETag)
		w.Header().Set("Content-Length", strconv.FormatInt(o.Size, 10))
	}
}

// sumHeader is checked, kept and answered by S3.
const sumHeader = "X-Amz-Checksum-Sha256"

func given(r *http.Request, header string) []byte {
	sum, err := base64.StdEncoding.DecodeString(r.Header.Get(header))
	if err != nil {
		return nil
	}
	return sum
}

func (s *sink) put(path string, o listed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, old := s.objects[path]; !old {
		at, _ := slices.BinarySearch(s.order, path)
		s.order = slices.Insert(s.order, at, path)
	}
	s.objects[path] = o
	select {
	case <-s.count:
	default:
	}
	s.count <- len(s.order)
}

// list answers ListObjectsV2.
func (s *sink) list(w http.ResponseWriter, r *http.Request, bucket string) {
	q := r.URL.Query()
	var page struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name                  string
		KeyCount              int
		MaxKeys               int
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []listed
	}
	page.Name, page.MaxKeys = bucket, 1000
	prefix := "/" + bucket + "/" + q.Get("prefix")
	after := "/" + bucket + "/" + max(q.Get("start-after"), q.Get("continuation-token"))
	s.mu.Lock()
	from, _ := slices.BinarySearch(s.order, max(prefix, after))
	for _, path := range s.order[from:] {
		if path <= after {
			continue
		}
		if !strings.HasPrefix(path, prefix) {
			break
		}
		if len(page.Contents) == page.MaxKeys {
			page.IsTruncated, page.NextContinuationToken = true, page.Contents[page.MaxKeys-1].Key
			break
		}
		page.Contents = append(page.Contents, s.objects[path])
	}
	s.mu.Unlock()
	page.KeyCount = len(page.Contents)
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(page) // the client sees a cut answer
}
