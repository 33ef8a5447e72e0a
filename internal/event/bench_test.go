package event

import (
	"fmt"
	"testing"
	"time"

	"millwright/internal/resultline"
)

// A day of one row a minute with thirty sensors, a tenth of it anomalous.
func BenchmarkAdd(b *testing.B) {
	rows := rowsOf(string(make([]byte, 1440)))
	var shares []resultline.Share
	for i := range 30 {
		shares = append(shares, resultline.Share{Name: fmt.Sprintf(`pump\sensor%d`, i), Value: 1.0 / 30})
	}
	for i := range rows {
		rows[i].Diagnostics = shares
		if i%10 == 0 {
			rows[i].Prediction, rows[i].Reason, rows[i].Score = 1, resultline.AnomalyDetected, 0.7
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		m := New(RuleFor(5*time.Minute, time.Minute, 0))
		for _, r := range rows {
			m.Add(r)
		}
	}
}
