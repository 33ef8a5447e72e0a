package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"millwright/inference/lake"
	"millwright/internal/objstore"
)

func (r *rig) find(prefix, pattern string, schema *lake.Schema) ([]string, error) {
	r.t.Helper()
	k, err := lake.ParseKeyPattern(pattern)
	if err != nil {
		r.t.Fatal(err)
	}
	files, err := r.lake().Find(r.t.Context(), r.bucket, prefix, k, schema)
	var all []string
	for i, f := range files {
		if f.Seq != int64(i) || f.Bucket != r.bucket || f.ETag == "" || f.Size != 1 {
			r.t.Errorf("%+v", f)
		}
		all = append(all, fmt.Sprint(f.Component, " ", f.Key, " ", f.Sensors))
	}
	return all, err
}

func TestFindListsTheFilesOfComponents(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, key := range []string{"d/fan/1.csv", "d/pump/2.csv", "d/pump/1.csv", "d/read me/x", "e/pump_1.csv", "e/pump_2.csv", "e/mill_1.csv", "f"} {
		r.put(key, "", "x")
	}
	s := &lake.Schema{Components: []lake.Component{{Name: "pump", Sensors: []string{"a"}}}}
	got, err := r.find("d/", "", s)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "by folder", got, []string{"pump d/pump/1.csv [a]", "pump d/pump/2.csv [a]"})
	if got, err = r.find("e/", "{prefix}/{component_name}_*", nil); err != nil {
		t.Fatal(err)
	}
	same(t, "by name", got, []string{"mill e/mill_1.csv []", "pump e/pump_1.csv []", "pump e/pump_2.csv []"})
	var refuse *lake.RefuseError
	if _, err = r.find("d/", "", nil); !errors.As(err, &refuse) || !strings.Contains(err.Error(), `"read me"`) {
		t.Error(err)
	}
	k, _ := lake.ParseKeyPattern("")
	if _, err = r.lake().Find(t.Context(), "no-such-bucket", "d/", k, nil); !errors.As(err, &refuse) || !strings.HasPrefix(err.Error(), "the bucket no-such-bucket does not exist: create it") {
		t.Error(err)
	}
	if _, err = r.find("nothing/", "", s); !errors.As(err, &refuse) || !strings.Contains(err.Error(), "(pump)") {
		t.Error(err)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	q := lake.Quotas{DatasetBytes: 10, FileBytes: 6, Components: 1, Sensors: 2, FilesPerComponent: 1}
	err := q.Files([]lake.File{{Key: "a", Size: 7, Component: "x"}, {Key: "b", Size: 4, Component: "x"}, {Key: "c", Component: "y"}})
	for _, want := range []string{"7 bytes, more than 6", "11 bytes together", "x has more than 1 files", "2 components"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	s := lake.Schema{Components: []lake.Component{{Name: "x", Sensors: []string{"a", "b"}}, {Name: "y", Sensors: []string{"a"}}}}
	if err = q.Schema(s); err == nil || !strings.Contains(err.Error(), "3 sensors") || !strings.Contains(err.Error(), "2 components") {
		t.Error(err)
	}
	q = lake.Quotas{}
	if err := errors.Join(q.Schema(s), q.Files([]lake.File{{Size: 5e9}})); err != nil {
		t.Error(err)
	}
}

// ranger notes where a store is asked to begin.
type ranger struct {
	*objstore.Client
	from []int64
}

func (r *ranger) DownloadFrom(ctx context.Context, bucket, key, etag string, offset, limit int64, w io.Writer) (objstore.Info, error) {
	r.from = append(r.from, offset)
	return r.Client.DownloadFrom(ctx, bucket, key, etag, offset, limit, w)
}

func TestReadingOnBeginsInTheMiddle(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.o.Part = 4000
	text := csvOf(history(9, 400, false))
	f := r.put("r.csv", "pump", text)
	want := r.raw(r.must(f).Objects, kinds...)
	f.Ingestion = "ranged"
	store := &ranger{Client: r.client}
	var at lake.Checkpoint
	errPause := errors.New("pause")
	for range 100 {
		m, err := lake.New(store, r.o, nopLog()).Ingest(t.Context(), f, at, func(_ context.Context, c lake.Checkpoint) error {
			at = c
			return errPause
		})
		if err == nil {
			same(t, "rows", r.raw(m.Objects, kinds...), want)
			break
		}
		if !errors.Is(err, errPause) {
			t.Fatal(err)
		}
	}
	if len(store.from) < 5 || store.from[0] < 4000 {
		t.Errorf("read from %v", store.from)
	}
}

func TestRemoveUnderTakesSomeAtATime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 5 {
		r.put(fmt.Sprintf("datasets/gone/%d", i), "", "x")
	}
	r.put("datasets/gone2/x", "", "x")
	for i, want := range []bool{true, true, false} {
		if more, err := r.lake().RemoveUnder(t.Context(), lake.DatasetPrefix("gone"), 2); err != nil || more != want {
			t.Errorf("%d: %v, %v", i, more, err)
		}
	}
	same(t, "left", r.listing("datasets/"), []string{fmt.Sprintf("gone2/x %s", r.etag("datasets/gone2/x"))})
	if _, err := r.lake().RemoveUnder(t.Context(), "", 0); err == nil {
		t.Error("everything was removed")
	}
}

func (r *rig) etag(key string) string {
	r.t.Helper()
	info, err := r.client.Head(r.t.Context(), r.bucket, key)
	if err != nil {
		r.t.Fatal(err)
	}
	return info.ETag
}
