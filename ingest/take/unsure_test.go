package take

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/internal/drop"
)

// Unsure implements Horizon: time is trusted.
func (h horizon) Unsure() bool { return false }

// unsure is a Horizon whose clock is trusted or not.
type unsure struct {
	horizon
	not *bool
}

func (u unsure) Unsure() bool { return *u.not }

// While nobody knows what time it is, a drop with a row far ahead is neither
// taken nor judged: the row would move its sensors' watermarks for good.
func TestRowsFarAheadWaitForTheClock(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"wide":      head + line(1) + "2099-01-05 10:00:00,1,2\n" + line(2),
		"long":      "Timestamp,Tag,Value\n2026-01-05 10:00:00,a,1\n2099-01-05 10:00:00,a,2\n2026-01-05 10:00:00,b,1\n",
		"malformed": head + line(1) + "what,1,2\n2099-01-05 10:00:00,1,2\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, nil)
			not := true
			newest := time.Date(2026, 1, 6, 12, 0, 0, 0, time.UTC).UnixNano()
			s.taker.horizon = unsure{func(string) (int64, int64, bool, string) { return -1 << 63, newest, true, "" }, &not}
			s.old("a.csv", text)
			s.old("b.csv", strings.ReplaceAll(text, "2099", "2026"))
			taken := s.take()
			if len(taken) != 1 || taken[0].Name != "b.csv" || taken[0].Counts.Ahead != 0 {
				t.Fatalf("taken: %+v", taken)
			}
			for _, sensors := range s.ledger.sensors {
				for sensor, latest := range sensors {
					if latest > newest {
						t.Errorf("the watermark of %s is at %s", sensor, time.Unix(0, latest))
					}
				}
			}
			s.pass(time.Minute)
			l := s.list()
			if len(l.Candidates) != 1 {
				t.Fatalf("%+v", l)
			}
			if d := s.take(); len(d) != 0 {
				t.Fatalf("taken: %+v", d)
			}
			if l = s.list(); l.Unsettled != 1 || len(l.Faults) != 1 || !strings.Contains(l.Faults[0].Err.Error(), "not trusted") {
				t.Fatalf("%+v", l)
			}
			if left, _ := os.ReadDir(filepath.Join(s.state, "quarantine")); name != "malformed" && len(left) != 0 {
				t.Errorf("quarantine holds %v", left)
			}
			not = false
			s.pass(10 * time.Minute)
			d := s.one()
			if d.State != drop.Taken || d.Counts.Ahead != 1 || d.Counts.Open == 0 {
				t.Errorf("once the clock is trusted: %+v", d)
			}
		})
	}
}
