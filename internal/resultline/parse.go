package resultline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// mostExtra is how many fields of other names a line may have.
const mostExtra = 100

// field is one of the names that the form gives a meaning.
type field uint8

const (
	fieldTimestamp field = 1 << iota
	fieldPrediction
	fieldReason
	fieldScore
	fieldDiagnostics
	fieldOther field = 0
)

func fieldOf(name string) field {
	switch name {
	case "timestamp":
		return fieldTimestamp
	case "prediction":
		return fieldPrediction
	case "prediction_reason":
		return fieldReason
	case "anomaly_score":
		return fieldScore
	case "diagnostics":
		return fieldDiagnostics
	}
	return fieldOther
}

// parser makes rows of lines. It knows the row before for the order of times and
// for its sensors, which are the same ones nearly always.
type parser struct {
	limits Limits
	before Row
	begun  bool
}

// row makes the row of line n. Its error is a *LineError or wraps ErrLimit.
func (p *parser) row(n int, line []byte) (Row, error) {
	row, err := p.parse(line)
	var f *fault
	if errors.As(err, &f) {
		return Row{}, &LineError{Line: n, Field: f.field, What: f.what}
	}
	if err != nil {
		return Row{}, fmt.Errorf("line %d: %w", n, err)
	}
	p.before, p.begun = row, true
	return row, nil
}

func (p *parser) parse(line []byte) (Row, error) {
	switch {
	case len(line) == 0:
		return Row{}, bad("", "empty")
	case bytes.HasPrefix(line, []byte("\ufeff")):
		return Row{}, bad("", "begins with a byte order mark")
	case line[len(line)-1] == '\r':
		return Row{}, bad("", "ends with a carriage return")
	case !utf8.Valid(line):
		return Row{}, bad("", "is not UTF-8")
	}
	var row Row
	s := scanner{text: line}
	seen, err := p.object(&s, &row)
	if err != nil {
		return Row{}, err
	}
	if !s.ended() {
		return Row{}, bad("", "has text after its object: %s", s.shown())
	}
	if err := conclude(&row, seen); err != nil {
		return Row{}, err
	}
	if p.begun && row.Time <= p.before.Time {
		how := "before"
		if row.Time == p.before.Time {
			how = "the same as"
		}
		return Row{}, bad("timestamp", "%s that of the line above, %s", how, time.Unix(0, p.before.Time).UTC().Format(stampForm))
	}
	return row, nil
}

// object reads a line's fields into row and tells which it has.
func (p *parser) object(s *scanner, row *Row) (seen field, err error) {
	if !s.take('{') {
		if !p.begun && bytes.HasPrefix(s.text, []byte("<")) {
			return 0, bad("", "the object does not begin with a JSON line but as a page does, which a proxy or server may have answered in its place: %s", s.shown())
		}
		return 0, bad("", "is no JSON object: %s", s.shown())
	}
	if s.take('}') {
		return 0, nil
	}
	for {
		name, err := s.name()
		if err != nil {
			return 0, bad("", "%v", err)
		}
		if !s.take(':') {
			return 0, bad(shorten(name), "no colon after the name: %s", s.shown())
		}
		f := fieldOf(name)
		if _, twice := row.Extra[name]; twice || seen&f != 0 {
			return 0, bad(shorten(name), "is there twice")
		}
		seen |= f
		if err := p.value(s, row, f, name); err != nil {
			return 0, err
		}
		if s.take('}') {
			return seen, nil
		}
		if !s.take(',') {
			return 0, bad(shorten(name), "no comma or brace after the value: %s", s.shown())
		}
	}
}

func (p *parser) value(s *scanner, row *Row, f field, name string) error {
	switch f {
	case fieldTimestamp:
		text, err := s.string()
		if err != nil {
			return bad(name, "%v", err)
		}
		t, ok := parseStamp(text)
		if !ok {
			return bad(name, "%q is not of the form 2006-01-02T15:04:05.000000", shorten(string(text)))
		}
		row.Time = t
	case fieldPrediction:
		switch v := s.literal(); v {
		case "0":
		case "1":
			row.Prediction = 1
		default:
			return bad(name, "%s is neither 0 nor 1", s.orShown(v))
		}
	case fieldReason:
		text, err := s.string()
		if err != nil {
			return bad(name, "%v", err)
		}
		switch string(text) {
		case string(AnomalyDetected):
			row.Reason = AnomalyDetected
		case string(NoAnomalyDetected):
			row.Reason = NoAnomalyDetected
		case string(MachineOff):
			row.Reason = MachineOff
		default:
			return bad(name, "%q is no reason", shorten(string(text)))
		}
	case fieldScore:
		v, err := s.share()
		if err != nil {
			return bad(name, "%v", err)
		}
		row.Score, row.HasScore = v, true
	case fieldDiagnostics:
		return p.diagnostics(s, row)
	default:
		raw, err := s.raw()
		if err != nil {
			return bad(shorten(name), "%v", err)
		}
		if len(row.Extra) == mostExtra {
			return fmt.Errorf("%w: more than %d fields of other names", ErrLimit, mostExtra)
		}
		if row.Extra == nil {
			row.Extra = map[string]json.RawMessage{}
		}
		row.Extra[name] = raw
	}
	return nil
}

// conclude fills in what older forms leave out, and refuses what contradicts itself.
func conclude(row *Row, seen field) error {
	if seen&fieldTimestamp == 0 {
		return bad("timestamp", "is missing")
	}
	if seen&fieldPrediction == 0 {
		switch {
		case row.HasScore && row.Reason != MachineOff:
			row.Prediction = prediction(row.Score > Threshold)
		case row.Reason != "":
			row.Prediction = prediction(row.Reason == AnomalyDetected)
		default:
			return bad("prediction", "is missing, and there is neither score nor reason to take it from")
		}
	}
	switch {
	case row.Reason == "" && row.Prediction == 1:
		row.Reason = AnomalyDetected
	case row.Reason == "":
		row.Reason = NoAnomalyDetected
	case (row.Reason == AnomalyDetected) != (row.Prediction == 1):
		return bad("prediction_reason", "%s contradicts the prediction %d", row.Reason, row.Prediction)
	}
	return nil
}

func prediction(anomalous bool) int {
	if anomalous {
		return 1
	}
	return 0
}
