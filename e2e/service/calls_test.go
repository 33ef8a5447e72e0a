package service

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/lookoutequipment"

	"millwright/e2e/harness"
)

// What an operation may answer with, beside success.
const (
	invalid  = lookoutequipment.ErrCodeValidationException
	absent   = lookoutequipment.ErrCodeResourceNotFoundException
	conflict = lookoutequipment.ErrCodeConflictException
	denied   = lookoutequipment.ErrCodeAccessDeniedException
	quota    = lookoutequipment.ErrCodeServiceQuotaExceededException
	success  = ""
)

// builder makes the one binary of all tests.
var builder = harness.Builder{Full: true}

// Who uses the services of these tests.
var (
	engineer = harness.Principal{Name: "engineer", Key: "ENGINEER01", Secret: "engineers-secret-0001", Account: "000000000000", Role: "admin", Read: []string{"*"}, Write: []string{"*"}}
	gateway  = harness.Principal{Name: "gateway", Key: "GATEWAY01", Secret: "gateways-secret-00001", Account: "000000000000", Role: "gateway", Read: []string{"plant/in", "plant/out"}, Write: []string{"plant/in"}}
	partner  = harness.Principal{Name: "partner", Key: "PARTNER01", Secret: "partners-secret-00001", Account: "111111111111", Role: "admin", Read: []string{"theirs"}, Write: []string{"theirs"}}
)

// tally counts what operations answered.
type tally struct {
	mu   sync.Mutex
	seen map[string]map[string]int // by operation, then by error type
}

func (c *tally) add(operation string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]map[string]int{}
	}
	if c.seen[operation] == nil {
		c.seen[operation] = map[string]int{}
	}
	c.seen[operation][kind(err)]++
}

// kind is the type of a refusal, success for none.
func kind(err error) string {
	var refusal *harness.Refusal
	var sdk awserr.Error
	switch {
	case err == nil:
		return success
	case errors.As(err, &refusal):
		return refusal.Type
	case errors.As(err, &sdk):
		return sdk.Code()
	}
	return err.Error()
}

// client is an SDK's client that leaves all checks to the service.
func client(s *harness.Serve, p harness.Principal, count *tally) *lookoutequipment.LookoutEquipment {
	c := lookoutequipment.New(session.Must(session.NewSession(&aws.Config{
		Endpoint: &s.API, Region: aws.String(harness.Region), DisableParamValidation: aws.Bool(true),
		Credentials: credentials.NewStaticCredentials(p.Key, p.Secret, ""),
	})))
	c.Handlers.Complete.PushBack(func(r *request.Request) { count.add(r.Operation.Name, r.Error) })
	return c
}

// wants fails the test unless err is a refusal of that type.
func wants(t testing.TB, what, want string, err error) {
	t.Helper()
	if kind(err) != want {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

// must ends the test on an error.
func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// operations are those of the API with the error types that each may answer with,
// as the service's own description of the API has them.
func operations(t testing.TB) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "inference", "api", "api.json"))
	must(t, "read the API's shapes", err)
	var model struct {
		Operations map[string]struct{ Errors []string }
	}
	must(t, "read the API's shapes", json.Unmarshal(text, &model))
	all := map[string][]string{}
	for name, op := range model.Operations {
		all[name] = op.Errors
	}
	return all
}

// unreached are refusals that no client can bring about at will.
var unreached = map[string][]string{
	// A deletion is refused while a training reads the labels, which is soon over.
	"DeleteLabel": {conflict}, "DeleteLabelGroup": {conflict},
	// Nothing is in the way of these.
	"DeleteResourcePolicy": {conflict}, "UpdateInferenceScheduler": {conflict}, "UpdateLabelGroup": {conflict},
	"UpdateModel": {conflict}, "UpdateRetrainingScheduler": {conflict},
	// Of what is not there the list is empty.
	"ListInferenceExecutions": {absent},
	// What is limited are things that take a while, of which many at a time are needed,
	// or nothing at all.
	"CreateInferenceScheduler": {quota}, "CreateLabel": {quota}, "ImportModelVersion": {quota}, "PutResourcePolicy": {quota},
	"StartDataIngestionJob": {quota},
}

// complete fails the test unless every operation was called with success and with
// every refusal that it has.
func (c *tally) complete(t *testing.T) {
	t.Helper()
	all := operations(t)
	if len(all) != 49 {
		t.Errorf("the API has %d operations", len(all))
	}
	for name, refusals := range all {
		missing := []string{}
		for _, want := range []string{success, denied, invalid, absent, conflict, quota} {
			if want != success && (!slices.Contains(refusals, want) || slices.Contains(unreached[name], want)) {
				continue
			}
			if c.seen[name][want] == 0 {
				missing = append(missing, strings.TrimSuffix("success "+want, " "))
			}
		}
		if len(missing) > 0 {
			t.Errorf("%s was not seen to answer with %q, but %v", name, missing, c.seen[name])
		}
	}
	for name := range c.seen {
		if all[name] == nil {
			t.Errorf("the API has no %s", name)
		}
	}
}
