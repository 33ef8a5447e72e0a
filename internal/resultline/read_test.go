package resultline

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func all(text string, l Limits) ([]Row, error) {
	var rows []Row
	err := Read(strings.NewReader(text), l, func(r Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

func ns(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixNano()
}

// The service's own lines, newer and older.
func TestRead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/service.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	got, err := all(string(text), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Row{
		{Time: ns(t, "2021-03-11T22:24:00Z"), Reason: MachineOff},
		{
			Time: ns(t, "2021-03-11T22:25:00Z"), Prediction: 1, Reason: AnomalyDetected, Score: 0.72385, HasScore: true,
			Diagnostics: []Share{{`component_5feceb66\sensor0`, 0.02346}, {`component_5feceb66\sensor1`, 0.10011}},
		},
		{
			Time: ns(t, "2021-03-11T22:26:00Z"), Reason: NoAnomalyDetected, Score: 0.41227, HasScore: true,
			Diagnostics: []Share{{`component_5feceb66\sensor0`, 0.03533}, {`component_5feceb66\sensor1`, 1e-05}},
		},
		{Time: ns(t, "2021-03-11T22:27:00Z"), Reason: NoAnomalyDetected},
		{Time: ns(t, "2021-03-11T22:28:00Z"), Prediction: 1, Reason: AnomalyDetected, Diagnostics: []Share{{`pump\Sensor0`, 0.04}, {`pump\Sensor1`, 0}}},
		{Time: ns(t, "2021-03-11T22:29:00.25Z"), Prediction: 1, Reason: AnomalyDetected, Score: 0.97399, HasScore: true},
		{
			Time: ns(t, "2021-03-11T22:30:00Z"), Reason: NoAnomalyDetected, Score: 0.1, HasScore: true, Diagnostics: []Share{},
			Extra: map[string]json.RawMessage{"model": json.RawMessage(`{"v":  1.50}`), "µ": json.RawMessage(`"a\\\u00b5"`)},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

const off = `{"timestamp": "2021-03-11T22:24:00.000000", "prediction": 0, "prediction_reason": "MACHINE_OFF"}`

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	with := func(rest string) string { return `{"timestamp": "2021-03-11T22:25:00.000000", ` + rest + "}\n" }
	diag := func(items string) string { return with(`"prediction": 1, "diagnostics": [` + items + `]`) }
	for name, c := range map[string]struct{ text, field, what string }{
		"blank line":             {"\n", "", "empty"},
		"mark":                   {"\ufeff" + off + "\n", "", "byte order mark"},
		"carriage return":        {off + "\r\n", "", "carriage return"},
		"not UTF-8":              {with("\"prediction\": 0, \"x\": \"\xff\""), "", "UTF-8"},
		"no object":              {"[]\n", "", `no JSON object: "[]"`},
		"HTML":                   {"<html>\n", "", `"<html>"`},
		"nothing in it":          {"{}\n", "timestamp", "missing"},
		"cut":                    {off[:40] + "\n", "timestamp", "string without end"},
		"two objects":            {off + off + "\n", "", "text after its object"},
		"trailing comma":         {with(`"prediction": 0,`), "", "no string"},
		"no colon":               {with(`"prediction" 0`), "prediction", "no colon"},
		"no comma":               {with(`"prediction": 0 "x": 1`), "prediction", "no comma"},
		"twice":                  {with(`"prediction": 0, "prediction": 1`), "prediction", "twice"},
		"twice, escaped":         {with(`"prediction": 0, "\u0070rediction": 1`), "prediction", "twice"},
		"other twice":            {with(`"prediction": 0, "x": 1, "x": 1`), "x", "twice"},
		"other wrong":            {with(`"prediction": 0, "x": [1,]`), "x", "is no value"},
		"other too deep":         {with(`"prediction": 0, "x": ` + strings.Repeat("[", 99)), "x", "nested"},
		"prediction missing":     {with(`"x": 1`), "prediction", "missing"},
		"prediction null":        {with(`"prediction": null`), "prediction", "null is neither"},
		"prediction 2":           {with(`"prediction": 2`), "prediction", "2 is neither"},
		"prediction 1.0":         {with(`"prediction": 1.0`), "prediction", "1.0 is neither"},
		"prediction as text":     {with(`"prediction": "1"`), "prediction", `neither 0 nor 1`},
		"prediction true":        {with(`"prediction": true`), "prediction", "true is neither"},
		"reason":                 {with(`"prediction": 0, "prediction_reason": "NONE"`), "prediction_reason", `"NONE" is no reason`},
		"reason contradicts":     {with(`"prediction": 0, "prediction_reason": "ANOMALY_DETECTED"`), "prediction_reason", "contradicts the prediction 0"},
		"off and anomalous":      {with(`"prediction": 1, "prediction_reason": "MACHINE_OFF"`), "prediction_reason", "contradicts the prediction 1"},
		"score NaN":              {with(`"prediction": 0, "anomaly_score": NaN`), "anomaly_score", "NaN is no number in JSON"},
		"score infinite":         {with(`"prediction": 0, "anomaly_score": -Infinity`), "anomaly_score", "-Infinity is no number"},
		"score null":             {with(`"prediction": 0, "anomaly_score": null`), "anomaly_score", "null is no number"},
		"score as text":          {with(`"prediction": 0, "anomaly_score": "0.1"`), "anomaly_score", "is no number"},
		"score 01.5":             {with(`"prediction": 0, "anomaly_score": 00.5`), "anomaly_score", "no comma"},
		"score above":            {with(`"prediction": 1, "anomaly_score": 1.00001`), "anomaly_score", "1.00001 is not from 0 to 1"},
		"score below":            {with(`"prediction": 0, "anomaly_score": -1e-9`), "anomaly_score", "-1e-9 is not from 0 to 1"},
		"score too large":        {with(`"prediction": 1, "anomaly_score": 1e999`), "anomaly_score", "1e999 is no number"},
		"no list":                {with(`"prediction": 1, "diagnostics": {}`), "diagnostics", "no list"},
		"diagnostics null":       {with(`"prediction": 1, "diagnostics": null`), "diagnostics", "no list"},
		"item no object":         {diag(`1`), "diagnostics[0]", "no object"},
		"item without name":      {diag(`{"name": "a\\b", "value": 0}, {"value": 0}`), "diagnostics[1].name", "missing"},
		"item without value":     {diag(`{"name": "a\\b"}`), "diagnostics[0].value", "missing"},
		"item with name twice":   {diag(`{"name": "a\\b", "name": "a\\b", "value": 1}`), "diagnostics[0].name", "twice"},
		"item with x twice":      {diag(`{"x": 1, "name": "a\\b", "x": 2, "value": 1}`), "diagnostics[0].x", "twice"},
		"share":                  {diag(`{"name": "a\\b", "value": 2}`), "diagnostics[0].value", "not from 0 to 1"},
		"share as text":          {diag(`{"name": "a\\b", "value": "1"}`), "diagnostics[0].value", "no number"},
		"empty name":             {diag(`{"name": "", "value": 1}`), "diagnostics[0].name", "component"},
		"name without component": {diag(`{"name": "b", "value": 1}`), "diagnostics[0].name", "component"},
		"name with two":          {diag(`{"name": "a\\b\\c", "value": 1}`), "diagnostics[0].name", "component"},
		"name with controls":     {diag(`{"name": "a\\b\u001b[2J", "value": 1}`), "diagnostics[0].name", "control"},
		"name too long":          {diag(`{"name": "a\\` + strings.Repeat("b", 2000) + `", "value": 1}`), "diagnostics[0].name", "bytes"},
		"lone surrogate":         {diag(`{"name": "a\\\ud800", "value": 1}`), "diagnostics[0].name", "escape"},
		"wrong escape":           {diag(`{"name": "a\\\x41", "value": 1}`), "diagnostics[0].name", "escape"},
		"sensor twice":           {diag(`{"name": "a\\b", "value": 0}, {"name": "a\\b", "value": 0}`), "diagnostics[1].name", "twice"},
		"time missing":           {`{"prediction": 0}` + "\n", "timestamp", "missing"},
		"time with zone":         {strings.Replace(off, "000000", "000000Z", 1) + "\n", "timestamp", "not of the form"},
		"time without fraction":  {strings.Replace(off, ".000000", "", 1) + "\n", "timestamp", "not of the form"},
		"time with comma":        {strings.Replace(off, ".0", ",0", 1) + "\n", "timestamp", "not of the form"},
		"30 February":            {strings.Replace(off, "03-11", "02-30", 1) + "\n", "timestamp", "not of the form"},
		"month 13":               {strings.Replace(off, "03-11", "13-11", 1) + "\n", "timestamp", "not of the form"},
		"24 o'clock":             {strings.Replace(off, "T22", "T24", 1) + "\n", "timestamp", "not of the form"},
		"second 60":              {strings.Replace(off, "00.0", "60.0", 1) + "\n", "timestamp", "not of the form"},
		"year 9999":              {strings.Replace(off, "2021", "9999", 1) + "\n", "timestamp", "not of the form"},
		"time as number":         {`{"timestamp": 1, "prediction": 0}` + "\n", "timestamp", "no string"},
	} {
		_, err := all(c.text, Limits{})
		var line *LineError
		if !errors.As(err, &line) || line.Line != 1 || line.Field != c.field || !strings.Contains(line.What, c.what) {
			t.Errorf("%s: got %v, want %q of %q", name, err, c.what, c.field)
		}
		if errors.Is(err, ErrTorn) || errors.Is(err, ErrLimit) || errors.Is(err, ErrEmpty) {
			t.Errorf("%s: %v is also of another kind", name, err)
		}
	}
}

func TestTimesAscend(t *testing.T) {
	t.Parallel()
	later := strings.Replace(off, "22:24", "22:25", 1)
	for text, want := range map[string]string{
		off + "\n" + off + "\n":   "line 2, timestamp: the same as that of the line above, 2021-03-11T22:24:00.000000",
		later + "\n" + off + "\n": "line 2, timestamp: before that of the line above, 2021-03-11T22:25:00.000000",
	} {
		if _, err := all(text, Limits{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestKindsOfErrors(t *testing.T) {
	t.Parallel()
	later := strings.Replace(off, "22:24", "22:25", 1)
	two := off + "\n" + later + "\n"
	wide := `{"timestamp": "2021-03-11T22:24:00.000000", "prediction": 1, "diagnostics": [{"name": "a\\b", "value": 0}, {"name": "a\\c", "value": 0}]}` + "\n"
	many := `{"timestamp": "2021-03-11T22:24:00.000000", "prediction": 1` + func() (s string) {
		for i := range 101 {
			s += `, "x` + string(rune('0'+i/10)) + string(rune('0'+i%10)) + `": 0`
		}
		return s
	}() + "}\n"
	for _, c := range []struct {
		name, text string
		limits     Limits
		kind       error
		rows       int
	}{
		{"empty", "", Limits{}, ErrEmpty, 0},
		{"torn in a line", off + "\n" + later[:50], Limits{}, ErrTorn, 1},
		{"torn before the line feed", off + "\n" + later, Limits{}, ErrTorn, 1},
		{"torn at once", "{", Limits{}, ErrTorn, 0},
		{"bytes", two, Limits{Bytes: int64(len(two)) - 1}, ErrLimit, 1},
		{"bytes just fit", two, Limits{Bytes: int64(len(two))}, nil, 2},
		{"line", two, Limits{Line: len(off) - 1}, ErrLimit, 0},
		{"line just fits", two, Limits{Line: len(off)}, nil, 2},
		{"line without end", strings.Repeat(" ", 1<<20), Limits{Line: 1 << 17}, ErrLimit, 0},
		{"rows", two, Limits{Rows: 1}, ErrLimit, 1},
		{"rows just fit", two, Limits{Rows: 2}, nil, 2},
		{"diagnostics", wide, Limits{Diagnostics: 1}, ErrLimit, 0},
		{"diagnostics just fit", wide, Limits{Diagnostics: 2}, nil, 1},
		{"other fields", many, Limits{}, ErrLimit, 0},
	} {
		rows, err := all(c.text, c.limits)
		var line *LineError
		if !errors.Is(err, c.kind) || len(rows) != c.rows || errors.As(err, &line) {
			t.Errorf("%s: got %d rows, %v; want %d, %v", c.name, len(rows), err, c.rows, c.kind)
		}
	}
}

func TestReadPassesOnErrors(t *testing.T) {
	t.Parallel()
	gone := errors.New("connection reset")
	in := io.MultiReader(strings.NewReader(off+"\n{"), iotest.ErrReader(gone))
	if err := Read(in, Limits{}, func(Row) error { return nil }); !errors.Is(err, gone) || errors.Is(err, ErrTorn) {
		t.Errorf("of the reader: %v", err)
	}
	if err := Read(strings.NewReader(off+"\n"), Limits{}, func(Row) error { return gone }); err != gone { //nolint:errorlint // the very error
		t.Errorf("of fn: %v", err)
	}
}

// The result is the same however the bytes come.
func TestReadBytewise(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/service.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	want, err := all(string(text), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []Row
	err = Read(iotest.OneByteReader(strings.NewReader(string(text))), Limits{}, func(r Row) error {
		got = append(got, r)
		return nil
	})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestPredictionAndScore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rest       string
		prediction int
		reason     Reason
	}{
		{`"prediction": 0, "anomaly_score": 0.5`, 0, NoAnomalyDetected},
		{`"prediction": 1, "anomaly_score": 0.50001`, 1, AnomalyDetected},
		{`"prediction": 1, "anomaly_score": 0.5`, 1, AnomalyDetected},
		{`"prediction": 0, "anomaly_score": 0.9`, 0, NoAnomalyDetected},
		{`"anomaly_score": 0.9`, 1, AnomalyDetected},
		{`"anomaly_score": 5e-1`, 0, NoAnomalyDetected},
		{`"anomaly_score": 1`, 1, AnomalyDetected},
		{`"anomaly_score": -0.0`, 0, NoAnomalyDetected},
		{`"prediction_reason": "MACHINE_OFF"`, 0, MachineOff},
		{`"prediction_reason": "MACHINE_OFF", "anomaly_score": 0.9`, 0, MachineOff},
		{`"prediction_reason": "ANOMALY_DETECTED"`, 1, AnomalyDetected},
	} {
		rows, err := all(`{"timestamp": "2021-03-11T22:24:00.000000", `+c.rest+"}\n", Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.rest, err)
			continue
		}
		r := rows[0]
		if r.Prediction != c.prediction || r.Reason != c.reason || r.Anomalous() != (c.prediction == 1) {
			t.Errorf("%s: got %+v", c.rest, r)
		}
	}
}
