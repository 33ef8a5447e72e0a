package service

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/service/lookoutequipment"

	"millwright/e2e/harness"
)

// Names of the story. The role is one that scripts still name.
const (
	dataset   = "station"
	model     = "pump"
	scheduler = "pump-hourly"
	role      = "arn:aws:iam::000000000000:role/LookoutEquipment"
)

// story is a plant's way through the service.
type story struct {
	t     *testing.T
	s     *harness.Serve
	clock *harness.Clock
	cli   *harness.CLI
	sdk   *lookoutequipment.LookoutEquipment // the engineer's; what Debian's CLI is too old for
	count *tally
	plant plant
	agent *harness.Agent
	files int // ingested

	datasetARN, modelARN string
	job                  string
}

// TestStory tells what an engineer does with the service, from the first bucket to
// the last deletion. Every operation is called, and answers with every error that it
// has.
func TestStory(t *testing.T) {
	t.Parallel()
	y := &story{t: t, count: new(tally), plant: history(t), clock: harness.NewClock(t, live, 0)}
	settings := map[string]any{"quotas": map[string]any{"datasets": 2, "models": 2}}
	y.s = harness.NewServe(t, builder.Binary(t), y.clock, settings, engineer, gateway, partner)
	y.s.Start()
	y.cli = harness.NewCLI(t, y.s, engineer)
	y.sdk = client(y.s, engineer, y.count)
	for _, chapter := range []struct {
		name string
		tell func()
	}{
		{"nobody and nothing", y.strangers},
		{"a dataset", y.ingested},
		{"labels", y.labelled},
		{"a model", y.trained},
		{"a scheduler", y.scheduled},
		{"a bearing wears out", y.watched},
		{"what was found", y.found},
		{"retraining", y.retrained},
		{"versions", y.promoted},
		{"policies and imports", y.imported},
		{"the end", y.deleted},
	} {
		began := time.Now()
		chapter.tell()
		t.Logf("%s: %.1f s", chapter.name, time.Since(began).Seconds())
		if t.Failed() {
			t.FailNow()
		}
	}
	y.count.complete(t)
	y.s.Stop()
}

// aws calls an operation with the AWS CLI.
func (y *story) aws(out any, command string, args ...string) error {
	y.t.Helper()
	err := y.cli.Call(out, command, args...)
	words := strings.Split(command, "-")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	y.count.add(strings.Join(words, ""), err)
	return err
}

// does calls an operation with the AWS CLI, which has to succeed.
func (y *story) does(out any, command string, args ...string) {
	y.t.Helper()
	must(y.t, command, y.aws(out, command, args...))
}

// refused calls an operation with the SDK, which has to be refused.
func (y *story) refused(want string, input any) {
	y.t.Helper()
	operation, err := call(y.sdk, input)
	wants(y.t, operation, want, err)
}

// long is how long a training or an ingestion may take on a machine that has much
// else to do.
const long = 5 * time.Minute

// until waits for a state of something that is described by state.
func (y *story) until(what, want string, state func() (status, reason string, err error)) {
	y.t.Helper()
	began := time.Now()
	defer func() { y.t.Logf("%s: waited for %.1f s", what, time.Since(began).Seconds()) }()
	y.s.AwaitFor(long, what, func() string {
		status, reason, err := state()
		switch {
		case err != nil:
			return err.Error()
		case status == "FAILED" && want != status:
			y.t.Fatalf("%s FAILED: %s", what, reason)
		case status != want:
			return "it is " + status
		}
		return ""
	})
}
