package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// score gives the result lines of the window's rows, and of the labels in it for
// which values from before stand.
func (w *work) score(before, rows *frame.Frame) ([]byte, error) {
	s := w.m.NewSession()
	var lines []byte
	var marks marks
	keep := func(row resultline.Row, remark detect.Remark) error {
		if row.Time > w.e.Start {
			lines = resultline.Append(lines, row)
			marks.add(row.Time, remark)
		}
		return nil
	}
	for _, f := range []*frame.Frame{before, rows} {
		for i, label := range f.Labels {
			if err := s.Add(label, f.Row(i), keep); err != nil {
				return nil, fmt.Errorf("score: %w", err)
			}
		}
	}
	if err := s.Until(w.e.End(), keep); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	w.notes = append(w.notes, marks.notes(w.m)...)
	return lines, nil
}

// marks sums up what a result line has no room for.
type marks struct {
	rows, unseen, capped int
	pilot                float64 // of the first row of an unseen mode
	at                   int64
}

func (m *marks) add(at int64, r detect.Remark) {
	m.rows++
	if r.Capped {
		m.capped++
	}
	if r.Unseen {
		if m.unseen == 0 {
			m.pilot, m.at = r.Pilot, at
		}
		m.unseen++
	}
}

func (m *marks) notes(model *detect.Model) (notes []string) {
	if sensor, _, ok := model.Pilot(); ok && m.unseen > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d rows are in an operating mode that the training did not see, the first with %s at %s (%s)",
			m.unseen, m.rows, sensor, strconv.FormatFloat(m.pilot, 'g', 5, 64), time.Unix(0, m.at).UTC().Format(time.RFC3339)))
	}
	if m.capped > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d rows cannot count as anomalous: fewer than half of the sensors have a value, or the one that sets the operating mode has none", m.capped, m.rows))
	}
	return notes
}

// few joins names, of many the first ten.
func few(names []string) string {
	if len(names) > 10 {
		return strings.Join(names[:10], ", ") + " and " + strconv.Itoa(len(names)-10) + " more"
	}
	return strings.Join(names, ", ")
}
