package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// replayed is one file at one rate.
type replayed struct {
	*stage
	o      options
	path   string
	rate   time.Duration
	store  *harness.Store
	binary string
	to     *outcome

	f *sensors
	s oracle.Scheduler
}

func (r *replayed) all() {
	begun := time.Now()
	defer func() { r.to.took = time.Since(begun) }()
	f, err := load(r.path, r.o.dialect)
	if err != nil {
		r.Fatalf("this command cannot read it: %v", err)
	}
	r.f, r.to.rows, r.to.validate = f, len(f.rows), "-"
	r.s = oracle.Scheduler{
		Components: []string{f.component}, Prefix: "in/", Delimiter: "_",
		Frequency: r.o.frequency, Delay: r.o.offset, Margin: 30 * time.Second, Rate: r.rate, LabelStart: r.o.label == "start",
		Default: oracle.Treatment{Aggregate: r.o.aggregate, MaxGap: r.o.maxGap},
		Schema:  map[string][]string{f.component: f.names()}, // ruling 3: all that are known
	}
	if r.s.Default.MaxGap == 0 {
		r.s.Default.MaxGap = max(3*r.rate, time.Minute) // ruling 7
	}
	path := r.original()
	for _, step := range []struct {
		name string
		verb string
		do   func(path string)
	}{
		{"validate", "validate", r.validate},
		{"inference", "backfill", r.inference},
		{"training", "backfill", r.training},
		{"run", "run", func(string) { r.run() }},
	} {
		if !slices.Contains(r.o.steps, step.name) {
			continue
		}
		if !r.has(step.verb) {
			r.note("this build has no %s", step.verb)
			continue
		}
		step.do(path)
	}
}

// original gives the file for the program: the file itself, unless columns are
// left out.
func (r *replayed) original() string {
	if r.f.rewritten {
		return r.file("history/"+r.f.component+".csv", r.f.original(r.f.rows))
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		r.Fatal(err)
	}
	return r.file("history/"+filepath.Base(r.path), text)
}

func (r *replayed) has(verb string) bool {
	out, err := exec.CommandContext(r.ctx, r.binary, "help").CombinedOutput()
	return err == nil && strings.Contains(string(out), "\n  "+verb+" ")
}

// agent sets up an agent with a bucket of its own. Settings that have defaults are
// left out of its configuration: the oracle knows the defaults.
func (r *replayed) agent(component string) (*harness.Agent, *harness.Bucket) {
	bucket := r.store.Bucket(r)
	bare := r.s
	bare.Default, bare.Schema = oracle.Treatment{Aggregate: r.o.aggregate, MaxGap: r.o.maxGap}, nil
	bare.MaxAhead = 10000 * time.Hour // the daemon's clock is known to a second of real time only
	drops := map[string]any{"component": component}
	csv := map[string]any{}
	if r.o.dialect.delimiter != "auto" {
		csv["delimiter"] = r.o.dialect.delimiter
	}
	if r.o.dialect.timeFormat != "" {
		csv["timestamp_format"] = r.o.dialect.timeFormat
	}
	drops["csv"] = csv
	a := harness.NewAgent(r, r.binary, nil, harness.Setup{
		Endpoint: "http://" + r.store.Addr(r), Bucket: bucket.Name, Scheduler: bare, Drops: drops,
	})
	r.trains(a, bucket)
	return a, bucket
}

// trains adds where training data goes to a configuration.
func (r *replayed) trains(a *harness.Agent, bucket *harness.Bucket) {
	text, err := os.ReadFile(a.Config())
	if err != nil {
		r.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		r.Fatal(err)
	}
	for _, s := range config["schedulers"].([]any) {
		s.(map[string]any)["training"] = map[string]any{"bucket": bucket.Name, "prefix": "train/"}
	}
	if text, err = json.MarshalIndent(config, "", "  "); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(a.Config(), text, 0o600); err != nil {
		r.Fatal(err)
	}
}

// verb runs a verb to its end; an exit code that is not wanted is told.
func (r *replayed) verb(a *harness.Agent, codes []int, args ...string) string {
	cmd := exec.CommandContext(r.ctx, r.binary, args...)
	cmd.Env = a.Env()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		r.Fatalf("%s: %v", args[0], err)
	}
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(codes, code) {
		r.Errorf("%s: exit code %d: %s", strings.Join(args, " "), code, last(stderr.String()+stdout.String()))
	}
	return stdout.String()
}

// last gives the last lines of a text.
func last(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// facts are what validate tells of a file.
type facts struct {
	Rows        int
	Values      int
	First, Last time.Time
}

func (r *replayed) validate(path string) {
	a, _ := r.agent("{file}")
	out := r.verb(a, []int{0, 3}, "validate", "--config", a.Config(), "--json", path)
	var got struct{ Files []facts }
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Files) != 1 {
		r.Errorf("validate: it does not tell of one file: %v: %.200s", err, out)
		return
	}
	first, last := r.f.span()
	want := facts{len(r.f.rows), r.f.values(), first, last}
	if got.Files[0] != want {
		r.Errorf("validate: it says %+v, want %+v", got.Files[0], want)
		return
	}
	r.to.validate = "equal"
}

func (r *replayed) inference(path string) {
	a, bucket := r.agent("{file}")
	r.verb(a, []int{0, 3}, "backfill", "--config", a.Config(), "--as", "inference", path)
	r.holds(bucket, r.archive().Windows(), &r.to.windows, "backfill --as inference")
}

func (r *replayed) training(path string) {
	a, bucket := r.agent("{file}")
	r.verb(a, []int{0, 3}, "backfill", "--config", a.Config(), "--as", "training", path)
	r.holds(bucket, r.archive().Training("train/"), &r.to.training, "backfill --as training")
}

func (r *replayed) archive() *oracle.Archive {
	archive, err := r.s.Archive(r.f.component, []oracle.Drop{{Path: "all", Component: r.f.component, Content: r.f.plain(r.f.rows)}})
	if err != nil {
		r.Fatal(err)
	}
	return archive
}

// holds compares and tells the first difference.
func (r *replayed) holds(bucket *harness.Bucket, want map[string][]byte, to *tally, what string) {
	var first string
	if *to, first = compare(r.stage, bucket, want); first != "" {
		r.Errorf("%s: %s", what, first)
	}
	if len(want) == 0 {
		r.Errorf("%s: nothing is expected; this proves nothing", what)
	}
}
