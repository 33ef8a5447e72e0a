package take

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"millwright/internal/series"
)

// A file of the whole plant: the columns tell the component.
func TestSeveralComponentsWide(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site) {
		s.folder.Component = ComponentRule{Kind: ByPattern, Pattern: regexp.MustCompile(`^(?P<component>[^./]+)\.(?P<sensor>.+)$`)}
		s.folder.Rename = map[string]string{"P8.Drehzahl [1/min]": "speed"}
		s.horizon = func(c string) (int64, int64, bool, string) {
			return -1 << 63, 1<<63 - 1, c != "P9", "no scheduler has component " + c
		}
	})
	s.old("plant.csv", "Timestamp,P7.flow,P8.flow,Remark,P7.Temp °C,P8.Drehzahl [1/min],P9.flow\n"+
		"2026-01-05 10:00:00,1,2,,3,4,5\n"+
		"2026-01-05 10:01:00,,2.5,,,,5\n"+
		"2026-01-05 10:02:00,,,,,,5\n")
	d := s.one()
	t.Log(d.Reason)
	s.want("P7/Temp__C 10:00:00 3", "P7/flow 10:00:00 1", "P8/flow 10:00:00 2", "P8/speed 10:00:00 4", "P8/flow 10:01:00 2.5")
	if d.Component != "" || d.Counts.Rows != 3 || !strings.Contains(d.Reason, "P9") {
		t.Errorf("%+v", d)
	}
}

const tags = "Timestamp,Tag,Value,Quality\n"

func longSite(t *testing.T, memory int64) *site {
	return newSite(t, func(s *site) {
		s.folder.CSV.Layout = series.Long
		s.folder.CSV.GoodQuality = []string{"Good"}
		s.limits.Memory = memory
	})
}

func TestLongLayout(t *testing.T) {
	t.Parallel()
	s := longSite(t, 0)
	s.old("a.csv", tags+
		"2026-01-05 10:00:00,flow,1,Good\n"+
		"2026-01-05 10:00:00,speed,2,Good\n"+
		"2026-01-05 10:06:00,flow,3,Good\n"+
		"2026-01-05 10:07:00,flow,4,Bad\n"+
		"2026-01-05 09:59:00,speed,5,Good\n")
	d := s.one()
	t.Log(d.Reason)
	s.want("pump-7/flow 10:00:00 1", "pump-7/speed 10:00:00 2", "pump-7/flow 10:06:00 3", "pump-7/speed 09:59:00 5")
	if d.Counts.Rows != 5 || d.Counts.Open != 4 || d.Counts.Bad != 1 || len(s.ledger.blocks) != 2 {
		t.Errorf("%+v, %d blocks", d.Counts, len(s.ledger.blocks))
	}
}

func TestALongFileIsFoundOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site) { s.folder.CSV.Layout = series.Auto })
	s.old("a.csv", "Timestamp,Tag,Value\n2026-01-05 10:00:00,flow,1\n2026-01-05 10:00:00,speed,2\n2026-01-05 10:01:00,flow,3\n")
	if d := s.one(); d.Counts.Rows != 3 || d.Counts.Open != 3 {
		t.Errorf("%+v", d)
	}
	s.want("pump-7/flow 10:00:00 1", "pump-7/speed 10:00:00 2", "pump-7/flow 10:01:00 3")
}

func TestSeveralComponentsLong(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *site) {
		s.folder.CSV.Layout = series.Long
		s.folder.Component = ComponentRule{Kind: ByPattern, Pattern: regexp.MustCompile(`^(?P<component>P\d)\.(?P<sensor>.+)$`)}
	})
	s.old("plant.csv", "Timestamp,Tag,Value\n"+
		"2026-01-05 10:00:00,P7.flow,1\n2026-01-05 10:00:00,P8.flow,2\n2026-01-05 10:00:00,Office.temp,3\n2026-01-05 10:01:00,P8.speed,4\n")
	d := s.one()
	t.Log(d.Reason)
	s.want("P7/flow 10:00:00 1", "P8/flow 10:00:00 2", "P8/speed 10:01:00 4")
	if d.Counts.Rows != 3 || !strings.Contains(d.Reason, "Office.temp") {
		t.Errorf("%+v", d)
	}
}

// Order in the file does not matter, and memory stays small: slots that are come
// back to are joined, so that the drop has one block for each.
func TestOrderInTheFile(t *testing.T) {
	t.Parallel()
	const slots, per, sensors = 14, 300, 40
	stamp := func(i int) string {
		return time.Date(2026, 1, 5, 0, 0, 1+i, 0, time.UTC).Format("2006-01-02 15:04:05")
	}
	wide := func(order func(i int) int) string {
		var b strings.Builder
		b.WriteString("Timestamp")
		for c := range sensors {
			fmt.Fprintf(&b, ",s%02d", c)
		}
		for i := range slots * per {
			k := order(i)
			b.WriteString("\n" + stamp(k))
			for c := range sensors {
				fmt.Fprintf(&b, ",%d.%d", k, c)
			}
		}
		return b.String() + "\n"
	}
	byTag := func() string {
		var b strings.Builder
		b.WriteString(tags)
		for c := range sensors {
			for k := range slots * per {
				fmt.Fprintf(&b, "%s,s%02d,%d.%d,Good\n", stamp(k), c, k, c)
			}
		}
		return b.String()
	}
	const n = slots * per
	sums := map[string]float64{}
	for name, text := range map[string]string{
		"oldest first":   wide(func(i int) int { return i }),
		"newest first":   wide(func(i int) int { return n - 1 - i }),
		"to and fro":     wide(func(i int) int { return i * 7919 % n }),
		"grouped by tag": byTag(),
	} {
		s := newSite(t, nil)
		if name == "grouped by tag" {
			s = longSite(t, 1)
		}
		s.taker.limits.Memory = 1
		s.old("a.csv", text)
		d := s.one()
		if d.Counts.Values != n*sensors {
			t.Errorf("%s: %+v", name, d)
		}
		if len(s.ledger.blocks) != slots {
			t.Errorf("%s: %d blocks, want %d", name, len(s.ledger.blocks), slots)
		}
		for _, v := range s.values() {
			sums[name] += v.value * float64(v.time/1e9%1009)
		}
		for _, ref := range s.ledger.blocks {
			if len(ref.Tails) != sensors || ref.Tails[0].Time != ref.Last {
				t.Errorf("%s: tails %v of a block up to %d", name, ref.Tails, ref.Last)
			}
		}
		if peak := s.taker.workers[0].router.budget; peak != 1<<20 {
			t.Errorf("budget %d", peak)
		}
	}
	for name, sum := range sums {
		if fmt.Sprintf("%.3e", sum) != fmt.Sprintf("%.3e", sums["oldest first"]) {
			t.Errorf("%s: other values than oldest first: %v, %v", name, sum, sums["oldest first"])
		}
	}
}

func TestOneFilePerSensor(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.old("flow.csv", "Timestamp,flow\n2026-01-05 10:00:00,1\n")
	s.old("speed.csv", "Timestamp,speed\n2026-01-05 10:02:00,2\n")
	s.take()
	s.want("pump-7/flow 10:00:00 1", "pump-7/speed 10:02:00 2")
	if m := s.ledger.sensors["pump-7"]; len(m) != 2 || m["flow"] >= m["speed"] {
		t.Errorf("%v", m)
	}
}
