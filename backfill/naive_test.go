package backfill_test

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"millwright/internal/objstore"
)

// naive applies the rulings to CSV texts in the plainest way. It knows wide
// files with stamps in RFC 3339 only.
type naive struct {
	frequency, rate, gap time.Duration
	labelStart           bool
	from, to             time.Time
	values               map[string]map[int64]float64 // by sensor
	times                map[string][]int64           // in order
}

func newNaive(t *testing.T, texts ...string) *naive {
	t.Helper()
	n := &naive{frequency: 5 * time.Minute, rate: time.Minute, gap: 3 * time.Minute, values: map[string]map[int64]float64{}, times: map[string][]int64{}}
	for _, text := range texts {
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range rows[0][1:] {
			if n.values[name] == nil {
				n.values[name] = map[int64]float64{}
			}
			for _, row := range rows[1:] {
				at, err := time.Parse(time.RFC3339Nano, row[0])
				if err != nil {
					t.Fatal(err)
				}
				v, err := strconv.ParseFloat(row[i+1], 64)
				if _, taken := n.values[name][at.UnixNano()]; err == nil && !taken {
					n.values[name][at.UnixNano()] = v
				}
			}
		}
	}
	return n
}

func (n *naive) sensors() []string {
	var names []string
	for name := range n.values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// cell gives the cell of a label and whether a row fell into its bin.
func (n *naive) cell(sensor string, label int64) (text string, real bool) {
	from, to := label-int64(n.rate), label // from < t <= to
	if n.labelStart {
		from, to = label-1, label+int64(n.rate)-1
	}
	edge := from + int64(n.rate)
	if n.labelStart {
		edge++
	}
	all := n.times[sensor]
	if all == nil {
		all = slices.Sorted(maps.Keys(n.values[sensor]))
		n.times[sensor] = all
	}
	i, _ := slices.BinarySearch(all, from+1)
	j, _ := slices.BinarySearch(all, to+1)
	times, last := all[i:j], int64(math.MinInt64)
	if j > 0 {
		last = all[j-1]
	}
	switch {
	case len(times) > 0:
		sum := 0.0
		for _, t := range times {
			sum += n.values[sensor][t]
		}
		return strconv.FormatFloat(sum/float64(len(times)), 'f', -1, 64), true
	case last != math.MinInt64 && (n.gap < 0 || edge-last <= int64(n.gap)):
		return strconv.FormatFloat(n.values[sensor][last], 'f', -1, 64), false
	}
	return "", false
}

// bounds are the first and the last row.
func (n *naive) bounds() (first, last int64) {
	first, last = math.MaxInt64, math.MinInt64
	for _, values := range n.values {
		for t := range values {
			first, last = min(first, t), max(last, t)
		}
	}
	return first, last
}

func (n *naive) label(t int64, step time.Duration) int64 {
	s := int64(step)
	if n.labelStart {
		return t - t%s
	}
	return (t + s - 1) / s * s
}

func (n *naive) asked(from, to int64) bool {
	return (n.from.IsZero() || from >= n.from.UnixNano()) && (n.to.IsZero() || to <= n.to.UnixNano())
}

// windows gives the objects of a component whose runs are before now.
func (n *naive) windows(component string, now time.Time) map[string]string {
	out := map[string]string{}
	first, last := n.bounds()
	f := int64(n.frequency)
	start := n.label(first, n.frequency)
	if !n.labelStart {
		start -= f
	}
	for ; start <= last && (n.labelStart || start < last); start += f {
		if time.Unix(0, start+f).Add(2*time.Minute).After(now) || !n.asked(start, start+f) {
			continue
		}
		text, some := "Timestamp,"+strings.Join(n.sensors(), ",")+"\n", false
		for i := range f / int64(n.rate) {
			label := start + i*int64(n.rate)
			if !n.labelStart {
				label += int64(n.rate)
			}
			text += time.Unix(0, label).UTC().Format("2006-01-02T15:04:05.000000")
			for _, s := range n.sensors() {
				c, _ := n.cell(s, label)
				text += "," + c
				some = some || c != ""
			}
			text += "\n"
		}
		if some {
			out[fmt.Sprintf("in/%s-%s.csv", component, time.Unix(0, start).UTC().Format("20060102150405"))] = text
		}
	}
	return out
}

// months gives the training objects of a component.
func (n *naive) months(component string) map[string]string {
	texts := map[string]*strings.Builder{}
	first, last := n.bounds()
	for label := n.label(first, n.rate); label <= n.label(last, n.rate); label += int64(n.rate) {
		from := label - int64(n.rate)
		if n.labelStart {
			from = label
		}
		if !n.asked(from, from+int64(n.rate)) {
			continue
		}
		row, some := time.Unix(0, label).UTC().Format("2006-01-02T15:04:05"), false
		for _, s := range n.sensors() {
			c, _ := n.cell(s, label)
			row += "," + c
			some = some || c != ""
		}
		if !some {
			continue
		}
		key := fmt.Sprintf("train/%s/%s_%s.csv", component, component, time.Unix(0, label).UTC().Format("200601"))
		if texts[key] == nil {
			texts[key] = &strings.Builder{}
			texts[key].WriteString("Timestamp," + strings.Join(n.sensors(), ",") + "\n")
		}
		texts[key].WriteString(row + "\n")
	}
	out := map[string]string{}
	for key, b := range texts {
		out[key] = b.String()
	}
	return out
}

func object(bucket, key, content, instance string) objstore.Object {
	return objstore.Object{
		Bucket: bucket, Key: key, Body: []byte(content), Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)), MD5: md5.Sum([]byte(content)),
		Instance: instance, Generation: 1,
	}
}
