// Package metrics writes a status snapshot in Prometheus's text format, by one
// table that the documentation is made of too. It counts nothing itself.
package metrics

import (
	"bufio"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"millwright/agent/status"
)

// ContentType is that of what Write writes.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Kind is a metric's type as Prometheus calls it.
type Kind string

// The kinds that are used.
const (
	Gauge   Kind = "gauge"
	Counter Kind = "counter"
)

// Metric is one line of the table.
type Metric struct {
	Name   string
	Kind   Kind
	Labels []string
	Help   string
	Keeps  bool // of a counter: it goes on after a restart, since it is a sum in the ledger

	samples func(s *status.Snapshot, add add)
}

// add takes a sample with the values of the metric's labels. NaN is no sample.
type add func(value float64, labels ...string)

// Write writes all metrics of a snapshot, ordered by name, their samples by
// labels. A metric without samples is left out.
func Write(w io.Writer, s *status.Snapshot) error {
	b := bufio.NewWriter(w)
	for _, m := range Table() {
		lines := m.lines(s)
		if len(lines) == 0 {
			continue
		}
		b.WriteString("# HELP " + m.Name + " " + escape(m.Help, false) + "\n# TYPE " + m.Name + " " + string(m.Kind) + "\n")
		for _, line := range lines {
			b.WriteString(line)
		}
	}
	return b.Flush()
}

func (m *Metric) lines(s *status.Snapshot) []string {
	var lines []string
	m.samples(s, func(v float64, labels ...string) {
		if math.IsNaN(v) {
			return
		}
		var b strings.Builder
		b.WriteString(m.Name)
		for i, name := range m.Labels {
			b.WriteString([]string{"{", ","}[min(i, 1)] + name + `="` + escape(labels[i], true) + `"`)
		}
		if len(m.Labels) > 0 {
			b.WriteByte('}')
		}
		b.WriteString(" " + number(v) + "\n")
		lines = append(lines, b.String())
	})
	slices.Sort(lines)
	return slices.Compact(lines)
}

// escape does what the format wants for help texts and label values.
func escape(text string, label bool) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "�"), `\`, `\\`)
	text = strings.ReplaceAll(text, "\n", `\n`)
	if label {
		text = strings.ReplaceAll(text, `"`, `\"`)
	}
	return text
}

// number writes whole numbers, such as instants, without exponent: people read
// them too.
func number(v float64) string {
	if math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// seconds is an instant as Unix seconds, NaN for never.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return math.NaN()
	}
	return float64(t.UnixMilli()) / 1e3
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
