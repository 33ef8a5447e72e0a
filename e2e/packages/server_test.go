//go:build packages

package packages

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// server is a machine with the inference service, and the AWS CLI as its client.
type server struct{ *machine }

// aws runs the AWS CLI in the machine's network with the key that the service made.
func (s *server) aws(port int, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	enter := []string{"-t", strconv.Itoa(s.init), "-n", "--", "aws", "--endpoint-url", fmt.Sprintf("http://127.0.0.1:%d", port), "--output", "json"}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.Env = append(os.Environ(), "AWS_SHARED_CREDENTIALS_FILE="+s.file("var/lib/millwright-serve/credentials"), "AWS_REGION=plant-1", "AWS_DEFAULT_REGION=plant-1", "AWS_PAGER=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// call asks the API for an operation and reads its answer.
func (s *server) call(answer any, args ...string) {
	s.t.Helper()
	out, err := s.aws(8480, append([]string{"lookoutequipment"}, args...)...)
	if err == nil && answer != nil {
		err = json.Unmarshal([]byte(out), answer)
	}
	if err != nil {
		s.t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// s3 works on buckets.
func (s *server) s3(args ...string) {
	s.t.Helper()
	if out, err := s.aws(8481, append([]string{"s3"}, args...)...); err != nil {
		s.t.Fatalf("s3 %q: %v\n%s", args, err, out)
	}
}

// succeeds waits for the end of something long.
func (s *server) succeeds(what string, args ...string) {
	s.t.Helper()
	s.until(what, func() string {
		var now struct{ Status, FailedReason string }
		if s.call(&now, args...); now.Status == "FAILED" {
			s.t.Fatalf("%s: %s", what, now.FailedReason)
		}
		if now.Status != "SUCCESS" {
			return "it is " + now.Status
		}
		return ""
	})
}

// The unit of the inference service: its sandbox lets it do all that it has to, from
// files to a model, it comes back after a kill, and it stops in order.
func TestServerPackage(t *testing.T) {
	debs := t.TempDir()
	must(t, "go", "-C", "../../packaging", "run", ".", "-tree", "..", "-out", debs, "-version", "1.0.0", "-only", "millwright-server:"+runtime.GOARCH)
	s := &server{boot(t, "millwright-serve")}
	s.copy(filepath.Join(debs, "millwright-server_1.0.0_"+runtime.GOARCH+".deb"), "root/server.deb", 0o644)
	ok := t.Run("install", s.install) &&
		t.Run("start", s.begin) &&
		t.Run("files to a model", s.learn) &&
		t.Run("kill", s.killed) &&
		t.Run("stop", s.stopped) &&
		t.Run("purge", s.purge)
	if !ok {
		t.Log(s.try("systemctl", "status", "--no-pager", "-l", "-n", "50", "millwright-serve"))
	}
}

func (s *server) install(t *testing.T) {
	s.t = t
	out := s.run("dpkg", "-i", "/root/server.deb")
	t.Log(out)
	if !strings.Contains(out, "the inference service waits for its configuration") {
		t.Error("it does not say what to do next")
	}
	if enabled, active := s.property("UnitFileState"), s.property("ActiveState"); enabled != "disabled" || active != "inactive" {
		t.Errorf("without a configuration the unit is %s and %s", enabled, active)
	}
	if got := s.run("stat", "-c", "%a %U %G", "/etc/millwright-serve"); got != "2750 root millwright-serve\n" {
		t.Errorf("/etc/millwright-serve is %s", got)
	}
	if out := s.run("systemd-analyze", "verify", "--man=no", "millwright-serve.service"); out != "" {
		t.Errorf("systemd-analyze verify: %s", out)
	}
	lines := strings.Split(strings.TrimSpace(s.run("systemd-analyze", "security", "--no-pager", "--threshold=15", "millwright-serve.service")), "\n")
	t.Log(lines[len(lines)-1])
}

func (s *server) begin(t *testing.T) {
	s.t = t
	s.shell(`install -m 640 -g millwright-serve /usr/share/doc/millwright-server/examples/serve.yaml /etc/millwright-serve/
		systemctl enable --now millwright-serve`)
	if active := s.property("ActiveState"); active != "active" {
		t.Errorf("it is %s", active)
	}
	for path, want := range map[string]string{"/var/lib/millwright-serve": "750 millwright-serve\n", "/var/lib/millwright-serve/credentials": "600 millwright-serve\n"} {
		if got := s.run("stat", "-c", "%a %U", path); got != want {
			t.Errorf("%s is %s", path, got)
		}
	}
	s.call(nil, "list-datasets")
}

func (s *server) learn(t *testing.T) {
	s.t = t
	s.run("millwright", "demo", "history", "/root/plant", "--weeks", "3")
	s.s3("mb", "s3://plant")
	s.s3("cp", "--quiet", "--recursive", s.file("root/plant/history"), "s3://plant/history/")
	s.call(nil, "create-dataset", "--dataset-name", "line", "--client-token", "line")
	var job struct{ JobId string }
	s.call(&job, "start-data-ingestion-job", "--dataset-name", "line", "--role-arn", "arn:aws:iam::000000000000:role/x", "--client-token", "line",
		"--ingestion-input-configuration", "S3InputConfiguration={Bucket=plant,Prefix=history/}")
	s.succeeds("the ingestion", "describe-data-ingestion-job", "--job-id", job.JobId)
	var data struct {
		DataQualitySummary         any
		IngestedDataSize           int64
		DataStartTime, DataEndTime json.RawMessage // as this version of the CLI writes times
	}
	s.call(&data, "describe-data-ingestion-job", "--job-id", job.JobId)
	if data.DataQualitySummary == nil || data.IngestedDataSize == 0 {
		t.Errorf("ingested: %+v", data)
	}
	s.call(nil, "create-model", "--model-name", "line", "--dataset-name", "line", "--client-token", "line",
		"--training-data-start-time", unquoted(data.DataStartTime), "--training-data-end-time", unquoted(data.DataEndTime),
		"--data-pre-processing-configuration", "TargetSamplingRate=PT5M")
	s.succeeds("the training", "describe-model", "--model-name", "line")
}

func unquoted(text []byte) string { return strings.Trim(string(text), `"`) }

func (s *server) killed(t *testing.T) {
	s.t = t
	pid := s.property("MainPID")
	s.run("kill", "-9", pid)
	s.until("it is back", func() string {
		now, active := s.property("MainPID"), s.property("ActiveState")
		if now == pid || now == "0" || active != "active" {
			return fmt.Sprintf("process %s, %s", now, active)
		}
		return ""
	})
	s.succeeds("the model", "describe-model", "--model-name", "line")
}

func (s *server) stopped(t *testing.T) {
	s.t = t
	s.run("systemctl", "stop", "millwright-serve")
	if result, status := s.property("Result"), s.property("ExecMainStatus"); result != "success" || status != "0" {
		t.Errorf("it stopped with %s, status %s", result, status)
	}
}

func (s *server) purge(t *testing.T) {
	s.t = t
	out := s.run("dpkg", "-P", "millwright-server")
	if !strings.Contains(out, "deleting /var/lib/millwright-serve") {
		t.Errorf("it does not say what it deletes: %s", out)
	}
	s.clear()
}
