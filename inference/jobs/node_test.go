package jobs_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/jobs"
	"millwright/inference/store"
	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
)

// Environment of a node in a process of its own.
const (
	told         = "told" // of nodeTime: by lines of standard input
	nodeDatabase = "JOBS_TEST_DATABASE"
	nodeEndpoint = "JOBS_TEST_ENDPOINT"
	nodeKeys     = "JOBS_TEST_CREDENTIALS"
	nodeBucket   = "JOBS_TEST_BUCKET"
	nodeTime     = "JOBS_TEST_TIME"
	nodeName     = "JOBS_TEST_NAME" // may be empty
)

func TestMain(m *testing.M) {
	if os.Getenv(nodeDatabase) != "" {
		if err := node(context.Background()); err != nil && !errors.Is(err, context.Canceled) {
			panic(err)
		}
		return
	}
	os.Exit(runAll(m))
}

// node works until it is killed, or its standard input ends if that is where it is
// told the time.
func node(ctx context.Context) error {
	clock := &manual{}
	if text := os.Getenv(nodeTime); text == told {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		first := make(chan struct{})
		go func() {
			defer stop()
			for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
				if now, err := time.Parse(time.RFC3339, lines.Text()); err == nil {
					clock.set(now)
				}
				select {
				case <-first:
				default:
					close(first)
				}
			}
		}()
		<-first
	} else {
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return err
		}
		clock.set(now)
	}
	client, err := objstore.New(ctx, objstore.Settings{Region: s3test.Region, Endpoint: os.Getenv(nodeEndpoint), PathStyle: true, CredentialsFile: os.Getenv(nodeKeys)}, zap.NewNop())
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{Database: os.Getenv(nodeDatabase), Also: jobs.Migrate})
	if err != nil {
		return err
	}
	o := jobs.Options{Store: s, Bucket: os.Getenv(nodeBucket), S3: client, Node: os.Getenv(nodeName), Clock: clock, Workers: 2, Poll: 60 * time.Millisecond}
	o.Lake.Part = 50 << 10
	j, err := jobs.New(o, zap.NewNop())
	if err != nil {
		return err
	}
	return j.Run(ctx)
}

// spawn starts a node in a process of its own, and gives what kills it with no
// warning.
func (r *rig) spawn() (kill func()) {
	r.t.Helper()
	return r.spawnAs("")
}

func (r *rig) spawnAs(name string) (kill func()) {
	r.t.Helper()
	n := r.command(r.clock.Now().Format(time.RFC3339), name)
	n.start()
	return n.kill
}

// spawned is a node in a process of its own.
type spawned struct {
	*exec.Cmd
	rig     *rig
	session string // what the database knows it by
}

var sessions atomic.Int64

func (r *rig) command(now, name string) *spawned {
	n := &spawned{exec.Command(os.Args[0]), r, fmt.Sprint("node ", sessions.Add(1))}
	n.Env = append(os.Environ(), nodeDatabase+"="+sessionOf(r.database, n.session), nodeEndpoint+"="+r.server.Endpoint, nodeKeys+"="+r.server.CredentialsFile,
		nodeBucket+"="+r.bucket, nodeTime+"="+now, nodeName+"="+name)
	n.Stderr = os.Stderr
	return n
}

func (n *spawned) start() {
	n.rig.t.Helper()
	if err := n.Start(); err != nil {
		n.rig.t.Fatal(err)
	}
	n.rig.t.Cleanup(func() {
		_ = n.Process.Kill()
		_ = n.Wait()
	})
}

// kill ends it with no warning, and waits for what the database still does for it.
func (n *spawned) kill() {
	_ = n.Process.Kill()
	_ = n.Wait()
	n.rig.ended(n.session)
}

// later does what two minutes do: leases are over, and jobs of the dead come back.
func (r *rig) later() {
	r.t.Helper()
	db, _ := r.store.DB()
	for _, change := range []string{
		`UPDATE fences SET updated_at = updated_at - 120000000`,
		`UPDATE river_job SET state = 'available', scheduled_at = ` + aSecondAgo + ` WHERE state IN ('running', 'retryable')`,
	} {
		if err := exec1(r.t.Context(), db, change); err != nil {
			r.t.Fatal(err)
		}
	}
}

func exec1(ctx context.Context, db *sql.DB, query string) error {
	_, err := db.ExecContext(ctx, query)
	return err
}

// A node is killed again and again at any moment of an ingestion, a training and
// executions; another one brings all of it to its end, once.
func TestNodesThatAreKilledLoseNothingAndDoubleNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	p := plant()
	r.files(p, 16)
	r.ingest("i")
	for n := range 4 {
		kill := r.spawn()
		time.Sleep(time.Duration(150+170*n) * time.Millisecond)
		kill()
		r.later()
	}
	kill := r.spawn()
	r.until("the ingestion", 2*time.Minute, func() bool { return r.ingestion("i").Status != store.IngestionRunning })
	if in := r.ingestion("i"); in.Status != store.IngestionSuccess || !in.DataEnd.Equal(history.AddDate(0, 0, 16)) {
		t.Fatalf("%+v", in)
	}
	kill()
	r.later()
	r.train(func(*store.ModelVersion) {})
	for n := range 3 {
		kill := r.spawn()
		time.Sleep(time.Duration(200+300*n) * time.Millisecond)
		kill()
		r.later()
	}
	kill = r.spawn()
	r.until("the training", 2*time.Minute, func() bool { return r.version().Status != store.VersionTraining })
	if v := r.version(); v.Status != store.VersionSuccess {
		t.Fatalf("%+v", v)
	}
	kill()
	r.later()
	start := r.clock.Now()
	r.schedule()
	r.windows(p, start, 20)
	r.clock.set(start.Add(20*five + time.Second))
	rounds := 0
	for before := 0; before < 20; rounds++ {
		kill := r.spawn()
		r.until("some executions", time.Minute, func() bool { return r.succeeded() > before })
		kill()
		r.later()
		before = r.succeeded()
	}
	t.Log(rounds, "rounds")
	if n := r.succeeded(); n != 20 {
		t.Fatal(n, "executions")
	}
	if got := r.list("out/"); len(got) != 20 {
		t.Error(len(got), "results")
	}
	if s, err := r.store.SchedulerByID(t.Context(), "s"); err != nil || !s.LatestEnd.Equal(start.Add(20*five)) {
		t.Errorf("%+v %v", s, err)
	}
}

// Two nodes on one database share the executions.
func TestTwoNodesShareExecutions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.ready()
	start := r.clock.Now()
	r.windows(plant(), start, 15)
	r.clock.set(start.Add(15*five + time.Second))
	r.spawn()
	r.spawn()
	r.start()
	r.until("all", time.Minute, func() bool { return r.succeeded() == 15 })
	if got := r.list("out/"); len(got) != 15 {
		t.Error(len(got), "results")
	}
}

// What another node holds is left to it until nothing was heard of it for a minute.
func TestLeases(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.files(plant(), 4) // too short: a training that ends at once
	r.start()
	r.ingest("i")
	r.until("the ingestion", time.Minute, func() bool { return r.ingestion("i").Status == store.IngestionSuccess })
	other := store.Fence{Work: "train m 1", Job: time.Now().UnixMicro(), Attempt: 1}
	r.do(func(ctx context.Context, t *store.Tx) error {
		_, err := t.Claim(ctx, other, time.Now())
		return err
	})
	r.train(func(*store.ModelVersion) {})
	time.Sleep(time.Second)
	if v := r.version(); v.Status != store.VersionTraining {
		t.Fatal("it was taken from another node:", v.Status)
	}
	r.kill()
	r.later()
	db, _ := r.store.DB()
	if err := exec1(t.Context(), db, `UPDATE river_job SET state = 'available', scheduled_at = `+aSecondAgo+` WHERE state = 'scheduled' AND kind = 'long'`); err != nil {
		t.Fatal(err)
	}
	r.open()
	r.start()
	r.until("the training", time.Minute, func() bool { return r.version().Status == store.VersionFailed })
	err := r.store.Tx(t.Context(), func(tx *store.Tx) error { return tx.Holds(t.Context(), other) })
	if err == nil {
		t.Error("the other node may still write")
	}
}
