package oracle

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Value is one cell of a drop.
type Value struct {
	Time   time.Time
	Sensor string
	Value  float64
	Path   string
	Line   int

	taken   time.Time // when its drop was taken
	path    int       // order of its path
	version int       // of the path
}

// history is all that ever came of one component.
type history struct {
	Scheduler
	component string
	life      Life
	values    []Value // in the order of taking
	older     int

	watermarks map[time.Time]time.Time // by instant, as computed
	ahead      int
}

// read takes the component's drops in order.
func (c *history) read(drops []Drop) error {
	paths := map[string]int{}
	versions := map[string]int{}
	for _, d := range drops {
		if d.Component != c.component {
			continue
		}
		if _, seen := paths[d.Path]; !seen {
			paths[d.Path] = len(paths)
		}
		versions[d.Path]++
		if err := c.drop(d, paths[d.Path], versions[d.Path]); err != nil {
			return fmt.Errorf("%s: %w", d.Path, err)
		}
	}
	return nil
}

func (c *history) drop(d Drop, path, version int) error {
	taken := c.up(d.At)
	if !taken.Before(c.life.End) {
		return nil
	}
	r := csv.NewReader(bytes.NewReader(d.Content))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return err
	}
	for i, row := range rows[1:] {
		at, err := stamp(row[0])
		if err != nil {
			return err
		}
		if c.tooOld(at, taken) {
			c.older++
			continue
		}
		if c.MaxAhead > 0 && at.After(taken.Add(c.MaxAhead)) {
			c.ahead++
			continue
		}
		for j, cell := range row[1:] {
			v, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			c.values = append(c.values, Value{
				Time: at, Sensor: rows[0][j+1], Value: v, Path: d.Path, Line: i + 2,
				taken: taken, path: path, version: version,
			})
		}
	}
	return nil
}

func (c *history) tooOld(at, taken time.Time) bool {
	return !at.After(c.life.First.Add(-c.Frequency)) || c.Overdue > 0 && !at.After(taken.Add(-c.Overdue))
}

// up is the first instant from t on at which the agent ran.
func (c *history) up(t time.Time) time.Time {
	for _, d := range c.life.Down {
		if !t.Before(d.From) && t.Before(d.To) {
			t = d.To
		}
	}
	return t
}

// upto gives the values taken before t, or at t.
func (c *history) upto(t time.Time) []Value {
	n := sort.Search(len(c.values), func(i int) bool { return c.values[i].taken.After(t) })
	return c.values[:n]
}

// beats tells whether a is kept rather than b, for one timestamp and sensor.
func (c *history) beats(a, b Value) bool {
	switch {
	case a.path != b.path:
		return (a.path < b.path) != c.LastWins
	case a.version != b.version:
		return a.version > b.version
	default:
		return a.Line < b.Line
	}
}

// bySensor gives each sensor's values up to a time in time order, one for each
// timestamp.
func (c *history) bySensor(values []Value, end time.Time) map[string][]Value {
	type cell struct {
		sensor string
		at     int64
	}
	best := map[cell]Value{}
	for _, v := range values {
		if v.Time.After(end) {
			continue
		}
		k := cell{v.Sensor, v.Time.UnixNano()}
		if old, ok := best[k]; !ok || c.beats(v, old) {
			best[k] = v
		}
	}
	all := map[string][]Value{}
	for k, v := range best {
		all[k.sensor] = append(all[k.sensor], v)
	}
	for _, vs := range all {
		slices.SortFunc(vs, func(a, b Value) int { return a.Time.Compare(b.Time) })
	}
	return all
}

func stamp(text string) (time.Time, error) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("the oracle reads no stamp like %q", text)
}
