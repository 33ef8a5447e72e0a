package backend_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"millwright/inference/store"
)

// post calls the handler as any goroutine may.
func (r *rig) post(operation, body string) (status int, answer string) {
	in := httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, "/", strings.NewReader(body))
	in.Header.Set("Content-Type", "application/x-amz-json-1.0")
	in.Header.Set("X-Amz-Target", "AWSLookoutEquipmentFrontendService."+operation)
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, in)
	return w.Code, w.Body.String()
}

// together makes the same calls at once and gives their answers.
func (r *rig) together(n int, operation string, body func(int) string) map[string]int {
	var mu sync.Mutex
	var wait sync.WaitGroup
	answers := map[string]int{}
	for i := range n {
		wait.Go(func() {
			status, answer := r.post(operation, body(i))
			mu.Lock()
			defer mu.Unlock()
			if status != http.StatusOK {
				answer = http.StatusText(status)
			}
			answers[answer]++
		})
	}
	wait.Wait()
	return answers
}

func TestCallsAtTheSameTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	if got := r.together(16, "CreateDataset", func(int) string { return `{"DatasetName": "a", "ClientToken": "one"}` }); len(got) != 1 || got["Conflict"] > 0 {
		t.Errorf("one request, sent again and again: %v", got)
	}
	got := r.together(16, "CreateDataset", func(i int) string {
		return `{"DatasetName": "b", "ClientToken": "` + strings.Repeat("x", i+1) + `"}`
	})
	if len(got) != 2 || got["Conflict"] != 15 {
		t.Errorf("16 requests for one name: %v", got)
	}
	r.filled("pumps")
	r.trained("m", "pumps")
	r.do("CreateInferenceScheduler", scheduler("live", "m"))
	if got := r.together(8, "StopInferenceScheduler", func(int) string { return `{"InferenceSchedulerName": "live"}` }); got["Conflict"] != 7 {
		t.Errorf("8 stops: %v", got)
	}
}
