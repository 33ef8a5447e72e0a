package seal

import (
	"bytes"
	"encoding/csv"
	"math"
	"slices"
	"strconv"
	"time"

	"millwright/internal/series"
	"millwright/internal/window"
)

// told is one cell as a drop told it, NaN for an empty one, which only makes
// the sensor known. naive works on nothing but these.
type told struct {
	sensor        string
	at            int64
	value         float64
	path, version int
	line          int
}

// tell turns drops, in the order of taking, into values.
func tell(files []file) []told {
	var out []told
	paths, versions := map[string]int{}, map[string]int{}
	for _, f := range files {
		if _, ok := paths[f.path]; !ok {
			paths[f.path] = len(paths)
		}
		versions[f.path]++
		for i, x := range f.rows {
			for k, v := range x.values {
				out = append(out, told{f.sensors[k], x.at, v, paths[f.path], versions[f.path], i})
			}
		}
	}
	return out
}

// beaten tells whether a loses against b, both of one timestamp and sensor.
func beaten(a, b told, last bool) bool {
	switch {
	case a.path != b.path:
		return (b.path < a.path) != last
	case a.version != b.version:
		return b.version > a.version
	default:
		return b.line < a.line
	}
}

// naive makes a window's CSV from all values ever told, the slow way.
func naive(s Stream, start int64, all []told) string {
	type key struct {
		sensor string
		at     int64
	}
	kept := map[key]told{}
	known := map[string]bool{}
	for _, v := range all {
		k := key{v.sensor, v.at}
		known[v.sensor] = true
		if v.value != v.value {
			continue
		}
		if old, ok := kept[k]; !ok || beaten(old, v, s.OnConflict == "last") {
			kept[k] = v
		}
	}
	names := s.Schema
	if names == nil {
		names = sortedKeys(known)
	}
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	_ = w.Write(append([]string{"Timestamp"}, names...))
	r := int64(s.Cadence.Rate)
	first, n := s.Cadence.Labels(start)
	some := false
	for i := range n {
		label := first + int64(i)*r
		record := []string{time.Unix(0, label).UTC().Format("2006-01-02T15:04:05.000000")}
		for _, name := range names {
			var mine []told
			for k, v := range kept {
				if k.sensor == name {
					mine = append(mine, v)
				}
			}
			cell := naiveCell(s, name, label, mine)
			some = some || cell != ""
			record = append(record, cell)
		}
		_ = w.Write(record)
	}
	w.Flush()
	if !some {
		return ""
	}
	return buf.String()
}

func naiveCell(s Stream, name string, label int64, mine []told) string {
	spec, ok := s.Sensors[name]
	if !ok {
		spec = s.Spec
	}
	r := int64(s.Cadence.Rate)
	slices.SortFunc(mine, func(a, b told) int { return int(a.at/1e6 - b.at/1e6) })
	in := func(t int64) bool { return label-r < t && t <= label }
	end := label
	if s.Cadence.Label == window.LabelStart {
		in = func(t int64) bool { return label <= t && t < label+r }
		end = label + r
	}
	var bin []float64
	var last told
	for _, v := range mine {
		if in(v.at) {
			bin = append(bin, v.value)
		}
		if v.at < end || v.at == end && s.Cadence.Label == window.LabelEnd {
			last = v
		}
	}
	if len(bin) > 0 {
		return number(aggregate(spec.Aggregate, bin))
	}
	limit := spec.MaxGap
	if limit == 0 {
		limit = max(3*s.Cadence.Rate, time.Minute)
	}
	switch {
	case spec.Fill == series.FillNone, spec.Aggregate == series.AggregateSum, spec.Aggregate == series.AggregateCount:
	case last.sensor == "":
	case limit == series.NoMaxGap, end-last.at <= int64(limit):
		return number(last.value)
	}
	return ""
}

func aggregate(a series.Aggregate, bin []float64) float64 {
	sum := 0.0
	for _, v := range bin {
		sum += v
	}
	sorted := slices.Sorted(slices.Values(bin))
	switch a {
	case series.AggregateMin:
		return sorted[0]
	case series.AggregateMax:
		return sorted[len(sorted)-1]
	case series.AggregateFirst:
		return bin[0]
	case series.AggregateLast:
		return bin[len(bin)-1]
	case series.AggregateMedian:
		return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
	case series.AggregateSum:
		return sum
	case series.AggregateCount:
		return float64(len(bin))
	default:
		return sum / float64(len(bin))
	}
}

func number(v float64) string {
	if a := math.Abs(v); a != 0 && (a < 1e-5 || a >= 1e21) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
