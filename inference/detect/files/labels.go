package files

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"millwright/inference/detect/frame"
)

// Labels are ranges of time that people rated.
type Labels struct {
	Anomaly []frame.Range
	Normal  []frame.Range // NO_ANOMALY
}

// ReadLabels reads a CSV without header: start, end and, optionally, ANOMALY (the
// default), NO_ANOMALY or NEUTRAL, which counts for nothing.
func ReadLabels(r io.Reader) (Labels, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	in.TrimLeadingSpace = true
	var l Labels
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return l, fmt.Errorf("read labels: %w", err)
		}
		line, _ := in.FieldPos(0)
		if len(cells) < 2 {
			return l, fmt.Errorf("read labels: line %d: write start,end", line)
		}
		var g frame.Range
		if g.Start, err = parseStamp(cells[0]); err == nil {
			g.End, err = parseStamp(cells[1])
		}
		switch {
		case err != nil:
			return l, fmt.Errorf("read labels: line %d: %w", line, err)
		case g.End < g.Start:
			return l, fmt.Errorf("read labels: line %d: it ends before it starts", line)
		}
		rating := "ANOMALY"
		if len(cells) > 2 && cells[2] != "" {
			rating = strings.ToUpper(strings.TrimSpace(cells[2]))
		}
		switch rating {
		case "ANOMALY":
			l.Anomaly = append(l.Anomaly, g)
		case "NO_ANOMALY":
			l.Normal = append(l.Normal, g)
		case "NEUTRAL":
		default:
			return l, fmt.Errorf("read labels: line %d: rating %q: ANOMALY, NO_ANOMALY or NEUTRAL", line, cells[2])
		}
	}
}

func parseStamp(text string) (int64, error) {
	text = strings.TrimSpace(text)
	for _, form := range []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UnixNano(), nil
		}
	}
	return 0, fmt.Errorf("%q is no instant: write 2006-01-02T15:04:05", text)
}
