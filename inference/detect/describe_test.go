package detect

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"millwright/inference/detect/frame"
)

// TestDescriptionsAccountForAllRows also has them fit a terminal.
func TestDescriptionsAccountForAllRows(t *testing.T) {
	t.Parallel()
	f, s := odd(3000, 3150).frame(), odd(0, 0).settings()
	s.Labels.Anomaly = []frame.Range{between(f, 3000, 3150)}
	seen, logs := observer.New(zap.WarnLevel)
	s.FalseAlarmsWeekly, s.MinHistory = 1e-3, 1000*24*time.Hour
	m, err := Train(t.Context(), f, s, zap.New(seen))
	if err != nil {
		t.Fatal(err)
	}
	k := m.Trained
	if sum := k.Learnt + k.Trimmed + k.Faulty + k.Off + k.Restart + k.Unknown; sum != k.Rows || k.Faulty < 150 || k.Off == 0 || k.Restart == 0 {
		t.Errorf("%d rows in %+v", sum, k)
	}
	text := m.Describe().Text()
	for line := range strings.Lines(text) {
		if len(line) > 80 {
			t.Errorf("%d columns: %s", len(line)-1, line)
		}
	}
	for _, want := range []string{"in or beside 1 labelled anomaly", "of running, unlabelled time", "asked for"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	short := logs.FilterMessageSnippet("too short").All()
	if len(short) != 1 || short[0].ContextMap()["running_and_unlabelled"] != time.Duration(k.Learnt+k.Trimmed)*s.Rate {
		t.Errorf("%+v", short)
	}
	if logs.FilterMessageSnippet("episodes a week").Len() != 1 {
		t.Errorf("%+v", logs.All())
	}
}

func TestNumbersHaveTheirNouns(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		weekly(1): "1 episode a week", weekly(0.5): "0.5 episodes a week", plural(1, "sensor"): "1 sensor", plural(2, "anomaly"): "2 anomalies",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
