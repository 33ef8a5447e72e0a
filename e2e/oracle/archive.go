package oracle

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Archive is all that was ever measured of one component, at rest: nothing is late,
// nothing is ahead, and no more will come.
type Archive struct {
	h       history
	rows    []time.Time        // ascending
	sensors map[string][]Value // in time order, one for each timestamp
}

// Archive reads the drops of one component.
func (s Scheduler) Archive(component string, drops []Drop) (*Archive, error) {
	forever := Life{End: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	s.MaxAhead, s.Overdue = 0, 0
	a := &Archive{h: history{Scheduler: s, component: component, life: forever, watermarks: map[time.Time]time.Time{}}}
	if err := a.h.read(drops); err != nil {
		return nil, err
	}
	a.sensors = a.h.bySensor(a.h.values, forever.End)
	for _, vs := range a.sensors {
		for _, v := range vs {
			a.rows = append(a.rows, v.Time)
		}
	}
	slices.SortFunc(a.rows, time.Time.Compare)
	a.rows = slices.CompactFunc(a.rows, time.Time.Equal)
	if s.Schema[component] == nil { // otherwise each window would know the sensors near it only
		a.h.Schema = map[string][]string{component: a.h.columns(a.h.values)}
	}
	return a, nil
}

// Rows is how many timestamps have a value.
func (a *Archive) Rows() int { return len(a.rows) }

// Windows gives the objects of all windows from that of the first row to that of
// the last one.
func (a *Archive) Windows() map[string][]byte {
	all := map[string][]byte{}
	a.each(a.h.Frequency, func(start time.Time, near []Value) {
		if o := a.h.object(start, near); o != nil {
			all[a.h.Key(a.h.component, start)] = o
		}
	})
	return all
}

// Training gives the component's rows at the target rate, one object for each
// month of their labels. A label has a row when a sensor has a value for it, its
// own or a held one.
func (a *Archive) Training(prefix string) map[string][]byte {
	months := map[string]*bytes.Buffer{}
	columns := a.h.columns(a.h.values)
	a.each(a.h.Rate, func(start time.Time, near []Value) {
		cells := make([]string, len(columns))
		sensors := a.h.bySensor(near, start.Add(a.h.Rate))
		for i, sensor := range columns {
			cells[i] = number(a.h.cells(start, 1, sensors[sensor], a.h.treatment(sensor))[0])
		}
		if strings.Join(cells, "") == "" {
			return
		}
		label := start.Add(a.h.Rate)
		if a.h.LabelStart {
			label = start
		}
		key := fmt.Sprintf("%s%s/%s_%s.csv", prefix, a.h.component, a.h.component, label.UTC().Format("200601"))
		if months[key] == nil {
			months[key] = bytes.NewBufferString("Timestamp," + strings.Join(columns, ",") + "\n")
		}
		months[key].WriteString(label.UTC().Format("2006-01-02T15:04:05") + "," + strings.Join(cells, ",") + "\n")
	})
	all := map[string][]byte{}
	for key, text := range months {
		all[key] = text.Bytes()
	}
	return all
}

// each goes from the first row to the last in steps and gives the values that can
// matter to a step: its own and each sensor's last one before. Steps that values
// cannot reach are left out.
func (a *Archive) each(step time.Duration, do func(start time.Time, near []Value)) {
	if len(a.rows) == 0 {
		return
	}
	grid := a.h.Scheduler
	grid.Frequency = step
	last := grid.start(a.rows[len(a.rows)-1])
	for start := grid.start(a.rows[0]); !start.After(last); start = start.Add(step) {
		if near := a.near(start, start.Add(step)); len(near) > 0 {
			do(start, near)
		}
	}
}

func (a *Archive) near(from, to time.Time) []Value {
	var near []Value
	for sensor, vs := range a.sensors {
		i := sort.Search(len(vs), func(i int) bool {
			return vs[i].Time.After(from) || a.h.LabelStart && vs[i].Time.Equal(from)
		})
		how := a.h.treatment(sensor)
		if i > 0 && (how.MaxGap < 0 || from.Sub(vs[i-1].Time) <= how.MaxGap) {
			i--
		}
		for ; i < len(vs) && !vs[i].Time.After(to); i++ {
			near = append(near, vs[i])
		}
	}
	return near
}
