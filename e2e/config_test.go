package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"millwright/e2e/harness"
)

// TestConfigCheckAsksTheStore checks one configuration against the store as it is,
// and as it is when something is wrong. Nothing stays behind in the bucket.
func TestConfigCheckAsksTheStore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*scene)
		code  int
		words string
	}{
		{"all is well", func(*scene) {}, 0, "0 faults"},
		{"a key that is not known", func(sc *scene) { sc.agent.Credentials("nobody", "wrong") }, 78, "schedulers[0].input.bucket"},
		{"no such bucket", func(sc *scene) {
			sc.setup.Bucket = "nowhere-at-all"
			sc.agent.Configure(sc.setup)
		}, 78, "schedulers[0].input.bucket"},
		{"the store is away", func(sc *scene) { sc.link.Down() }, 78, "cannot be reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := pump()
			sc := bare(t, s, nil, 1, begin(), nil)
			tt.spoil(sc)
			out := sc.agent.Verb("config", "check", "--config", sc.agent.Config())
			if out.Code != tt.code || !strings.Contains(oneLine(out.Stdout), tt.words) {
				t.Errorf("got %+v", out)
			}
			if out := sc.agent.Verb("config", "check", "--offline", "--config", sc.agent.Config()); out.Code != 0 {
				t.Errorf("offline: %+v", out)
			}
			if words := sc.bucket.Differences(t, nil); words != "" {
				t.Error(words)
			}
		})
	}
}

// TestConfigInitReadsABucket makes a starter file from what an agent and a service
// left in a bucket. What it says is what the agent was told; what a bucket cannot
// tell is left to be filled in.
func TestConfigInitReadsABucket(t *testing.T) {
	t.Parallel()
	s := pump()
	plan := tidy(10, s)
	plan.For = 30 * time.Minute
	sc := set(t, s, plan, nil)
	sc.begin()
	sc.play(nothing)
	sc.finish()
	for start := begin(); start.Before(begin().Add(plan.For)); start = start.Add(s.Frequency) {
		key := "out/s/" + start.Format("2006-01-02T15:04:05") + "Z/results.jsonl"
		var lines strings.Builder
		for label := start.Add(s.Rate); !label.After(start.Add(s.Frequency)); label = label.Add(s.Rate) {
			fmt.Fprintf(&lines, "{\"timestamp\":%q,\"prediction\":0,\"prediction_reason\":\"NO_ANOMALY_DETECTED\"}\n", label.Format("2006-01-02T15:04:05.000000"))
		}
		_, err := sc.bucket.Client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &sc.bucket.Name, Key: &key, Body: strings.NewReader(lines.String())})
		if err != nil {
			t.Fatal(err)
		}
	}
	out := sc.agent.Verb("config", "init", "--from-bucket", "s3://"+sc.bucket.Name+"/", "--endpoint", sc.link.URL(), "--path-style", "--region", harness.Region)
	if out.Code != 0 {
		t.Fatalf("%+v", out)
	}
	for _, words := range []string{"PT5M", "PT1M", "pump-7", "motor-7", "vibration", sc.bucket.Name, "in/", "out/s/"} {
		if !strings.Contains(oneLine(out.Stdout), words) {
			t.Errorf("nothing of %q in:\n%s", words, out.Stdout)
		}
	}
}
