package executions_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"millwright/internal/executions"
)

// said gives its answers one after the other, the last one for ever.
type said struct {
	answers []string
	asked   int
}

func (s *said) Post(context.Context, http.Header, []byte, int64) ([]byte, error) {
	n := min(s.asked, len(s.answers)-1)
	if s.asked++; s.answers[n] == "" {
		return nil, errors.New("refused")
	}
	return []byte(s.answers[n]), nil
}

func TestAwaitTellsTheEnd(t *testing.T) {
	t.Parallel()
	type model struct {
		executions.Outcome
		ActiveModelVersion int
	}
	const begun = `{"Status":"IMPORT_IN_PROGRESS","ActiveModelVersion":7}`
	for name, c := range map[string]struct {
		answers []string
		want    model
		fault   string
	}{
		"good":    {[]string{begun, begun, `{"Status":"SUCCESS"}`}, model{Outcome: executions.Outcome{Status: "SUCCESS"}}, ""},
		"failed":  {[]string{begun, `{"Status":"FAILED","FailedReason":"no rows"}`}, model{Outcome: executions.Outcome{Status: "FAILED", FailedReason: "no rows"}}, "DescribeModel: FAILED: no rows"},
		"refused": {[]string{begun, ""}, model{}, "DescribeModel: refused"},
	} {
		s := &said{answers: c.answers}
		got, err := executions.Await[model](t.Context(), s, "DescribeModel", struct{}{}, time.Millisecond)
		if got != c.want || (err == nil) != (c.fault == "") || err != nil && err.Error() != c.fault || s.asked != len(c.answers) {
			t.Errorf("%s: %+v after %d questions, %v", name, got, s.asked, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := executions.Await[model](ctx, &said{answers: []string{begun}}, "DescribeModel", struct{}{}, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error("it waits for ever:", err)
	}
}

func TestDoNeedsNoAnswer(t *testing.T) {
	t.Parallel()
	if err := executions.Do(t.Context(), &said{answers: []string{`{"JobId":"x"}`}}, "StopInferenceScheduler", struct{}{}, nil); err != nil {
		t.Error(err)
	}
	if err := executions.Do(t.Context(), &said{answers: []string{""}}, "StopInferenceScheduler", struct{}{}, nil); err == nil || !strings.Contains(err.Error(), "StopInferenceScheduler") {
		t.Error(err)
	}
}
