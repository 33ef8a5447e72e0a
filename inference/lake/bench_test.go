package lake_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/internal/objstore"
)

// disk is a store in a folder, so that a server's work is not measured.
type disk struct {
	lake.Store
	dir string
}

func (d *disk) path(key string) string {
	return filepath.Join(d.dir, strings.ReplaceAll(key, "/", "+"))
}

func (d *disk) Head(_ context.Context, _, key string) (objstore.Info, error) {
	st, err := os.Stat(d.path(key))
	if err != nil {
		return objstore.Info{}, objstore.ErrNotFound
	}
	return objstore.Info{Key: key, Size: st.Size()}, nil
}

func (d *disk) Get(_ context.Context, _, key string, _ int64) ([]byte, objstore.Info, error) {
	b, err := os.ReadFile(d.path(key))
	if err != nil {
		return nil, objstore.Info{}, objstore.ErrNotFound
	}
	return b, objstore.Info{Key: key, Size: int64(len(b))}, nil
}

func (d *disk) Download(_ context.Context, _, key, _ string, _ int64, w io.Writer) (objstore.Info, error) {
	f, err := os.Open(d.path(key))
	if err != nil {
		return objstore.Info{}, objstore.ErrNotFound
	}
	defer f.Close()
	n, err := io.Copy(struct{ io.Writer }{w}, f)
	return objstore.Info{Key: key, Size: n}, err
}

func (d *disk) Put(_ context.Context, o objstore.Object) (objstore.Info, error) {
	if o.File != "" {
		in, err := os.Open(o.File)
		if err != nil {
			return objstore.Info{}, err
		}
		defer in.Close()
		out, err := os.Create(d.path(o.Key))
		if err != nil {
			return objstore.Info{}, err
		}
		defer out.Close()
		_, err = io.Copy(out, in)
		return objstore.Info{Key: o.Key, Size: o.Size}, err
	}
	return objstore.Info{Key: o.Key, Size: o.Size}, os.WriteFile(d.path(o.Key), o.Body, 0o600)
}

func (d *disk) PutFile(ctx context.Context, o objstore.Object) (objstore.Info, error) {
	return d.Put(ctx, o)
}

func (d *disk) List(context.Context, string, string, string, func([]objstore.Info) (bool, error)) error {
	return nil
}

// writeCSV writes rows of so many sensors, one a second, up to a size in bytes.
func writeCSV(tb testing.TB, path string, sensors int, size int64) lake.File {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var b bytes.Buffer
	b.WriteString("Timestamp")
	for k := range sensors {
		fmt.Fprintf(&b, ",sensor%d", k)
	}
	b.WriteString("\n")
	r := rand.New(rand.NewPCG(1, 2))
	lines := make([]string, 4096) // cells of different rows; the stamps differ for ever
	for i := range lines {
		var line strings.Builder
		for k := range sensors {
			fmt.Fprintf(&line, ",%.3f", float64(10*k)+r.NormFloat64())
		}
		lines[i] = line.String() + "\n"
	}
	at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	written := int64(0)
	for i := 0; written+int64(b.Len()) < size; i++ {
		b.WriteString(at.Add(time.Duration(i) * time.Second).Format("2006-01-02T15:04:05"))
		b.WriteString(lines[r.IntN(len(lines))])
		if b.Len() > 1<<20 {
			n, err := f.Write(b.Bytes())
			if err != nil {
				tb.Fatal(err)
			}
			written += int64(n)
			b.Reset()
		}
	}
	n, err := f.Write(b.Bytes())
	if err != nil {
		tb.Fatal(err)
	}
	return lake.File{Dataset: "ds", Ingestion: "in", Key: filepath.Base(path), Size: written + int64(n), Component: "pump"}
}

func BenchmarkIngest(b *testing.B) {
	for _, c := range []struct {
		sensors int
		size    int64
	}{{30, 128 << 20}, {300, 128 << 20}, {1, 32 << 20}} {
		b.Run(fmt.Sprint(c.sensors), func(b *testing.B) {
			d := &disk{dir: b.TempDir()}
			l := lake.New(d, lake.Options{Scratch: b.TempDir()}, nopLog())
			f := writeCSV(b, d.path("in.csv"), c.sensors, c.size)
			f.Key = "in.csv"
			b.SetBytes(f.Size)
			for n := 0; b.Loop(); n++ {
				f.Seq = int64(n)
				if _, err := l.Ingest(b.Context(), f, lake.Checkpoint{}, func(context.Context, lake.Checkpoint) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRows reads a month of 30 sensors at a second as training at a minute does.
func BenchmarkRows(b *testing.B) {
	d := &disk{dir: b.TempDir()}
	l := lake.New(d, lake.Options{Scratch: b.TempDir()}, nopLog())
	f := writeCSV(b, d.path("in.csv"), 30, 128<<20)
	f.Key = "in.csv"
	m, err := l.Ingest(b.Context(), f, lake.Checkpoint{}, func(context.Context, lake.Checkpoint) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	var names []frame.Name
	for k := range 30 {
		names = append(names, frame.Name{Component: "pump", Sensor: fmt.Sprintf("sensor%d", k)})
	}
	b.SetBytes(f.Size)
	for b.Loop() {
		s, err := l.Rows(lake.Selection{Tiers: [][]lake.Object{m.Objects}, Names: names, Rate: time.Minute})
		if err != nil {
			b.Fatal(err)
		}
		rows := 0
		if err := s.Each(b.Context(), func(int64, []float64) error { rows++; return nil }); err != nil || rows == 0 {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
