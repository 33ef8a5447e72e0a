package lake_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/inference/lake"
	"millwright/internal/objstore"
)

var largeMB = flag.Int64("ingest-mb", 256, "size of the CSV that BenchmarkIngestLarge ingests, in MB")

// fountain is a store with one CSV of any size that is made while it is read, and
// which keeps of what is written the manifests alone: neither disk nor server is
// measured.
type fountain struct {
	*disk
	size    int64
	sensors int
	written int64 // bytes of objects
}

func (s *fountain) Head(context.Context, string, string) (objstore.Info, error) {
	return objstore.Info{Key: "in.csv", Size: s.size}, nil
}

func (s *fountain) Download(_ context.Context, _, _, _ string, _ int64, w io.Writer) (objstore.Info, error) {
	var b bytes.Buffer
	b.WriteString("Timestamp")
	for k := range s.sensors {
		fmt.Fprintf(&b, ",sensor%d", k)
	}
	b.WriteString("\n")
	r := rand.New(rand.NewPCG(1, 2))
	cells := make([]string, 4096)
	for i := range cells {
		var line strings.Builder
		for k := range s.sensors {
			fmt.Fprintf(&line, ",%.3f", float64(10*k)+r.NormFloat64())
		}
		cells[i] = line.String() + "\n"
	}
	written := int64(0)
	for at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC); written+int64(b.Len()) < s.size; at = at.Add(time.Second) {
		b.WriteString(at.Format("2006-01-02T15:04:05"))
		b.WriteString(cells[r.IntN(len(cells))])
		if b.Len() > 1<<18 {
			n, err := w.Write(b.Bytes())
			if err != nil {
				return objstore.Info{}, err
			}
			written += int64(n)
			b.Reset()
		}
	}
	_, err := w.Write(b.Bytes())
	return objstore.Info{Key: "in.csv", Size: s.size}, err
}

func (s *fountain) Put(ctx context.Context, o objstore.Object) (objstore.Info, error) {
	s.written += o.Size
	if filepath.Ext(o.Key) != ".json" {
		return objstore.Info{Key: o.Key, Size: o.Size}, nil
	}
	return s.disk.Put(ctx, o)
}

func (s *fountain) PutFile(ctx context.Context, o objstore.Object) (objstore.Info, error) {
	return s.Put(ctx, o)
}

// BenchmarkIngestLarge reads one CSV of 30 sensors at a second and tells how much
// memory the process had at most. Run it alone:
//
//	go test ./inference/lake -run '^$' -bench IngestLarge -benchtime 1x -ingest-mb 10000
func BenchmarkIngestLarge(b *testing.B) {
	s := &fountain{disk: &disk{dir: b.TempDir()}, size: *largeMB * 1e6, sensors: 30}
	l := lake.New(s, lake.Options{Scratch: b.TempDir(), MaxFile: 2 * s.size}, nopLog())
	b.SetBytes(s.size)
	for n := 0; b.Loop(); n++ {
		f := lake.File{Dataset: "ds", Ingestion: "in", Seq: int64(n), Key: "in.csv", Size: s.size, Component: "pump"}
		if _, err := l.Ingest(b.Context(), f, lake.Checkpoint{}, func(context.Context, lake.Checkpoint) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(s.written)/float64(b.N)/1e6, "MB-written/op")
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		var kib int64
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			_, _ = fmt.Sscan(rest, &kib)
		}
		b.ReportMetric(float64(kib)/1024, "MiB-resident")
	}
}
