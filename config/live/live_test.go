package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"millwright/config"
	"millwright/internal/objstore"
)

// load makes a Config whose folders lie in dir.
func load(t *testing.T, dir, more string) *config.Config {
	t.Helper()
	text := strings.ReplaceAll(`
instance: gw
state_dir: DIR/state
drops: [{path: DIR/drop}]
schedulers:
  - name: pump
    data_upload_frequency: PT5M
    data_delay_offset_in_minutes: 2
    target_sampling_rate: PT1M
    input: {bucket: plant, prefix: in/}
    output: {bucket: plant, prefix: out/}
  - name: fan
    data_upload_frequency: PT5M
    data_delay_offset_in_minutes: 2
    target_sampling_rate: PT1M
    input: {bucket: plant, prefix: in/}
    output: {bucket: other, prefix: out/}
`+more, "DIR", dir)
	c, _, err := config.Parse("agent.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func folders(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.MkdirAll(path, 0o750); err != nil {
			t.Fatal(err)
		}
	}
}

func texts(faults []config.Fault) string {
	return config.Faults(faults).Error()
}

func TestMachineIsFine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folders(t, dir+"/drop")
	r := Machine(t.Context(), load(t, dir, "limits: {state: 1MiB, free: 1B}"))
	if len(r.Faults) > 0 {
		t.Error(texts(r.Faults))
	}
	for _, w := range r.Warnings {
		if w.Problem != "checked as root, who may do everything" {
			t.Error(w)
		}
	}
	if left, _ := filepath.Glob(dir + "/.millwright*"); len(left) > 0 {
		t.Errorf("probe files are left: %v", left)
	}
	if _, err := os.Stat(dir + "/state"); !errors.Is(err, os.ErrNotExist) {
		t.Error("state_dir was made by a check")
	}
}

func TestMachineFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more string
		make func(t *testing.T, dir string)
		want string
	}{
		"no drop folder": {want: "agent.yaml:4:16: drops[0].path", make: func(*testing.T, string) {}},
		"a link": {want: "is a symbolic link: name the folder itself, ", make: func(t *testing.T, dir string) {
			folders(t, dir+"/real")
			if err := os.Symlink(dir+"/real", dir+"/drop"); err != nil {
				t.Fatal(err)
			}
		}},
		"a file": {want: "is not a folder", make: func(t *testing.T, dir string) {
			if err := os.WriteFile(dir+"/drop", nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"no certificate": {
			want: "s3.ca_file", more: "s3: {ca_file: DIR/ca.pem}\n",
			make: func(t *testing.T, dir string) {
				folders(t, dir+"/drop")
				if err := os.WriteFile(dir+"/ca.pem", []byte("hello"), 0o600); err != nil {
					t.Fatal(err)
				}
			},
		},
		"no secret": {
			want: "sinks[0].hmac_key_file", more: "sinks: [{kind: webhook, url: \"https://x/\", hmac_key_file: DIR/key}]\n",
			make: func(t *testing.T, dir string) { folders(t, dir+"/drop") },
		},
		"a full disk": {
			want: "limits.free", more: "limits: {free: 100%}\n",
			make: func(t *testing.T, dir string) { folders(t, dir+"/drop") },
		},
		"state is a file": {
			want: "state_dir", make: func(t *testing.T, dir string) {
				folders(t, dir+"/drop")
				if err := os.WriteFile(dir+"/state", nil, 0o600); err != nil {
					t.Fatal(err)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c.make(t, dir)
			r := Machine(t.Context(), load(t, dir, c.more))
			if len(r.Faults) == 0 || !strings.Contains(texts(r.Faults), c.want) {
				t.Errorf("want %q in:\n%s", c.want, texts(r.Faults))
			}
		})
	}
}

func TestMachineWarnings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folders(t, dir+"/drop", dir+"/state")
	if err := os.Chmod(dir+"/state", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/key", []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := Machine(t.Context(), load(t, dir, "limits: {state: 1000TB}\nsinks: [{kind: webhook, url: \"https://x/\", hmac_key_file: DIR/key}]\n"))
	for _, want := range []string{"limits.state", "state_dir", "can be read by everybody"} {
		if !strings.Contains(texts(r.Warnings), want) {
			t.Errorf("want %q in:\n%s", want, texts(r.Warnings))
		}
	}
}

// store is a store in memory that notes what is done to it.
type store struct {
	deny    map[string]error // by verb
	off     time.Duration
	objects map[string]bool
	did     []string
}

func (s *store) do(verb, what string) error {
	s.did = append(s.did, verb+" "+what)
	return s.deny[verb]
}

func (s *store) HeadBucket(_ context.Context, bucket string) error { return s.do("bucket", bucket) }

func (s *store) List(_ context.Context, bucket, prefix, _ string, fn func([]objstore.Info) (bool, error)) error {
	if err := s.do("list", bucket+"/"+prefix); err != nil {
		return err
	}
	_, err := fn(nil)
	return err
}

func (s *store) Put(_ context.Context, o objstore.Object) (objstore.Info, error) {
	err := s.do("put", o.Bucket+"/"+o.Key)
	if err == nil {
		s.objects[o.Key] = true
	}
	return objstore.Info{}, err
}

func (s *store) Head(_ context.Context, bucket, key string) (objstore.Info, error) {
	return objstore.Info{}, s.do("head", bucket+"/"+key)
}

func (s *store) Delete(_ context.Context, bucket, key string) error {
	err := s.do("delete", bucket+"/"+key)
	if err == nil {
		delete(s.objects, key)
	}
	return err
}

func (s *store) StoreTime(context.Context, string) (theirs, ours time.Time, err error) {
	now := time.Unix(1_700_000_000, 0)
	return now, now.Add(s.off), s.do("time", "")
}

// The folders of components are made by other programs, with rights of their own.
func TestMachineLooksBelowDropFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folders(t, dir+"/state", dir+"/elsewhere", dir+"/drop/pump", dir+"/drop/old/1", dir+"/drop/old/2", dir+"/drop/old/3", dir+"/drop/old/4", dir+"/drop/.hidden/x", dir+"/drop/none")
	for _, name := range []string{"pump/a.csv", "old/1/a.csv", "old/2/a.csv", "old/3/a.csv", "old/4/a.csv", "old/4/b.csv", ".hidden/x/a.csv", "none/readme.txt"} {
		if err := os.WriteFile(dir+"/drop/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(dir+"/elsewhere", dir+"/drop/fan"); err != nil {
		t.Fatal(err)
	}
	r := Machine(t.Context(), load(t, dir, ""))
	got := texts(r.Warnings)
	for _, want := range []string{
		dir + "/drop/fan: links to folders are not followed", dir + `/drop/old/1: no scheduler has the component "1"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in:\n%s", want, got)
		}
	}
	for _, not := range []string{"hidden", "none", "drop/pump"} {
		if strings.Contains(got, not) {
			t.Errorf("%q is in:\n%s", not, got)
		}
	}
	if len(r.Faults) > 0 {
		t.Error(texts(r.Faults))
	}
	for name, mode := range map[string]os.FileMode{
		"/..": 0o777, "": 0o777, "/state": 0o777, "/drop": 0o777, "/drop/pump": 0o555, "/drop/none": 0o333, "/drop/old": 0o777,
		"/drop/old/1": 0o777, "/drop/old/2": 0o777, "/drop/old/3": 0o777, "/drop/old/4": 0o777,
	} {
		if err := os.Chmod(dir+name, mode); err != nil {
			t.Fatal(err)
		}
	}
	cfg := load(t, dir, "")
	done := make(chan struct{})
	go func() { // its thread loses the rights of root, if it has them, and ends with it
		defer close(done)
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			const nobody = 65534
			if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, nobody, nobody, nobody); e != 0 {
				t.Error("leave root's rights: ", e)
				return
			}
		}
		got := texts(Machine(t.Context(), cfg).Faults)
		for _, want := range []string{dir + "/drop/pump: files cannot be taken away", dir + "/drop/none: cannot be listed"} {
			if !strings.Contains(got, want) {
				t.Errorf("want %q in:\n%s", want, got)
			}
		}
	}()
	<-done
	if err := os.Chmod(dir+"/drop/none", 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	denied := fmt.Errorf("put: %w", objstore.ErrForbidden)
	for name, c := range map[string]struct {
		deny              map[string]error
		off               time.Duration
		faults, warnings  int
		mention, leftOver string
	}{
		"all is well":      {},
		"no rights to put": {deny: map[string]error{"put": denied}, faults: 1, mention: "schedulers[0].input"},
		"no head":          {deny: map[string]error{"head": denied}, warnings: 1, mention: "unverified"},
		"no delete":        {deny: map[string]error{"delete": denied}, warnings: 1, leftOver: "in/.millwright-check-gw"},
		"no list":          {deny: map[string]error{"list": denied}, faults: 2, mention: "schedulers[1].output"},
		"may not ask":      {deny: map[string]error{"bucket": denied}},
		"no bucket":        {deny: map[string]error{"bucket": errors.New("no such bucket")}, faults: 2, mention: "schedulers[0].input.bucket"},
		"clock off":        {off: 40 * time.Second, warnings: 1, mention: "40s ahead"},
		"clock far off":    {off: -time.Hour, faults: 1, mention: "1h0m0s behind"},
		"no clock":         {deny: map[string]error{"time": errors.New("no date")}, warnings: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &store{deny: c.deny, off: c.off, objects: map[string]bool{}}
			r := Buckets(t.Context(), load(t, "/x", ""), s)
			all := texts(r.Faults) + texts(r.Warnings)
			if len(r.Faults) != c.faults || len(r.Warnings) != c.warnings || !strings.Contains(all, c.mention) {
				t.Errorf("%d faults, %d warnings:\n%s", len(r.Faults), len(r.Warnings), all)
			}
			if len(s.objects) > 0 != (c.leftOver != "") || c.leftOver != "" && !s.objects[c.leftOver] {
				t.Errorf("objects left: %v", s.objects)
			}
			if puts := strings.Count(strings.Join(s.did, "\n"), "put "); puts > 1 {
				t.Errorf("one prefix was probed %d times", puts)
			}
		})
	}
}
