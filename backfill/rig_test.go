package backfill_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/agent"
	"millwright/backfill"
	"millwright/config"
	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	os.Exit(s3test.Main(m))
}

// rig is a configured site with a bucket and a drop folder.
type rig struct {
	t      *testing.T
	server *s3test.Server
	store  *objstore.Client
	dir    string
	yaml   string
	now    time.Time
}

const scheduler = `
  - name: pump
    components: [pump]
    data_upload_frequency: PT5M
    data_delay_offset_in_minutes: 2
    target_sampling_rate: PT1M
    input: {bucket: BUCKET, prefix: in/}
    output: {bucket: BUCKET, prefix: out/}
    training: {bucket: BUCKET, prefix: train/}
`

// newRig takes the text of the scheduler's list; BUCKET is the bucket.
func newRig(t *testing.T, schedulers string, more string) *rig {
	t.Helper()
	r := &rig{t: t, server: s3test.New(t), dir: t.TempDir(), now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
	r.store = r.server.Client(t, "")
	r.yaml = fmt.Sprintf("instance: gw-1\nstate_dir: %s\ns3: {endpoint: %q, path_style: true, region: %s}\nlimits: {free: 64MiB}\ndrops:\n  - path: %s\n%s\nschedulers:%s",
		filepath.Join(r.dir, "state"), r.server.Endpoint, s3test.Region, r.drop(), more, schedulers)
	r.yaml = strings.ReplaceAll(r.yaml, "BUCKET", r.server.Bucket)
	for _, d := range []string{r.drop(), filepath.Join(r.dir, "state")} {
		if err := os.MkdirAll(d, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *rig) drop() string  { return filepath.Join(r.dir, "drop") }
func (r *rig) state() string { return filepath.Join(r.dir, "state", "backfill") }

func (r *rig) config() *config.Config {
	r.t.Helper()
	cfg, _, err := config.Parse("site.yaml", []byte(r.yaml))
	if err != nil {
		r.t.Fatal(err)
	}
	return cfg
}

// file puts a file into the drop folder, by its path below it.
func (r *rig) file(name, content string) string {
	r.t.Helper()
	full := filepath.Join(r.drop(), name)
	if err := os.MkdirAll(filepath.Dir(full), 0o750); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return full
}

func (r *rig) run(o backfill.Options) (*backfill.Summary, error) {
	r.t.Helper()
	return r.runOn(r.store, o)
}

func (r *rig) runOn(store backfill.Store, o backfill.Options) (*backfill.Summary, error) {
	r.t.Helper()
	cfg := r.config()
	b := backfill.New(cfg, agent.Streams(cfg), store, zap.NewNop())
	b.Now = func() time.Time { return r.now }
	return b.Run(r.t.Context(), o)
}

// must runs a command that is to succeed and to leave nothing behind.
func (r *rig) must(o backfill.Options) *backfill.Summary {
	r.t.Helper()
	sum, err := r.run(o)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := os.Stat(r.state()); !os.IsNotExist(err) {
		r.t.Errorf("its state is not removed: %v", err)
	}
	return sum
}

// bucket gives all objects below a prefix.
func (r *rig) bucket(prefix string) map[string]string {
	r.t.Helper()
	out := map[string]string{}
	var keys []string
	err := r.store.List(r.t.Context(), r.server.Bucket, prefix, "", func(page []objstore.Info) (bool, error) {
		for _, in := range page {
			keys = append(keys, in.Key)
		}
		return true, nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, k := range keys {
		body, info, err := r.store.Get(r.t.Context(), r.server.Bucket, k, 1<<30)
		if err != nil {
			r.t.Fatal(err)
		}
		if info.Instance == "" || info.SHA256 == "" {
			r.t.Errorf("%s: no metadata: %+v", k, info)
		}
		out[k] = string(body)
	}
	return out
}

// put writes an object of somebody else.
func (r *rig) put(key, content string) {
	r.t.Helper()
	if _, err := r.store.Put(r.t.Context(), object(r.server.Bucket, key, content, "another")); err != nil {
		r.t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for _, k := range slices.Sorted(maps.Keys(want)) {
		switch g, ok := got[k]; {
		case !ok:
			t.Errorf("%s: %s is missing", what, k)
		case g != want[k]:
			t.Errorf("%s: %s differs: %s", what, k, firstDifference(g, want[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: %s is too many:\n%.300s", what, k, got[k])
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d is %q, want %q (%d and %d lines)", i+1, a, b, len(g), len(w))
		}
	}
	return "nowhere"
}

// lines joins rows to a CSV.
func lines(rows ...string) string {
	var b bytes.Buffer
	for _, r := range rows {
		b.WriteString(r + "\n")
	}
	return b.String()
}
