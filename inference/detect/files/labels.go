package files

import (
	"bufio"
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
// default), NO_ANOMALY or NEUTRAL, which counts for nothing. Instants that name no zone
// are in zone; nil is UTC.
func ReadLabels(r io.Reader, zone *time.Location) (Labels, error) {
	if zone == nil {
		zone = time.UTC
	}
	text := bufio.NewReader(r)
	if mark, _ := text.Peek(3); string(mark) == "\ufeff" {
		_, _ = text.Discard(3)
	}
	in := csv.NewReader(text)
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
			return l, fmt.Errorf("read labels: line %d: write start,end with a comma between them, no header before them", line)
		}
		var g frame.Range
		if g.Start, _, err = instants(cells[0], zone); err == nil {
			_, g.End, err = instants(cells[1], zone)
		}
		switch {
		case err != nil && line == 1 && !strings.ContainsAny(cells[0]+cells[1], "0123456789"):
			return l, fmt.Errorf("read labels: line 1: %q is a header, which labels are without: delete the line", strings.Join(cells, ","))
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

// ParseStamp reads an instant in the forms that training data may have, with or without
// a time, a fraction and a zone.
func ParseStamp(text string, zone *time.Location) (int64, error) {
	first, _, err := instants(text, zone)
	return first, err
}

// instants gives the first and the last instant that a text may mean: two in the hour that
// clocks show twice when they are put back.
func instants(text string, zone *time.Location) (first, last int64, err error) {
	text = strings.TrimSpace(text)
	for _, day := range []string{"2006-01-02", "2006/01/02", "20060102"} {
		for _, clock := range []string{"", "T15:04:05", " 15:04:05", "-15:04:05", "T15:04", " 15:04", "-15:04", "-15-04-05", "150405", "1504"} {
			for _, offset := range []string{"", "Z07:00", "Z0700", "Z07", " Z07:00", " MST"} {
				if clock == "" && offset != "" || offset == " MST" && !strings.HasSuffix(text, " UTC") {
					continue // the only name of a zone that means one thing
				}
				if t, err := time.ParseInLocation(day+clock+offset, text, zone); err == nil && t.Year() > 1678 && t.Year() < 2262 {
					if offset == "" {
						first, last = shown(t)
						return first, last, nil
					}
					return t.UnixNano(), t.UnixNano(), nil
				}
			}
		}
	}
	return 0, 0, fmt.Errorf("%q is no instant: write 2006-01-02, 2006-01-02T15:04:05 or 2006-01-02T15:04:05+01:00", text)
}

// shown gives the first and the last instant at which clocks in t's zone show what they
// show at t.
func shown(t time.Time) (first, last int64) {
	first, last = t.UnixNano(), t.UnixNano()
	_, now := t.Zone()
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		_, before := start.Add(-1).Zone()
		if other := t.Add(time.Duration(now-before) * time.Second); other.Before(start) {
			first = min(first, other.UnixNano())
		}
	}
	if !end.IsZero() {
		_, after := end.Zone()
		if other := t.Add(time.Duration(now-after) * time.Second); !other.Before(end) {
			last = max(last, other.UnixNano())
		}
	}
	return first, last
}
