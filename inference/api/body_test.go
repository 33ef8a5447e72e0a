package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// However much is wrong, clients can read the message.
func TestMessagesStayShort(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	tags := make([]any, 200)
	for i := range tags {
		tags[i] = map[string]any{"Key": strings.Repeat("ä", 500), "Value": strings.Repeat("é", 100_000)[:1000]}
	}
	_, kind, message := c.send(t, "TagResource", map[string]any{"ResourceArn": "x", "Tags": tags})
	if kind != ValidationException || len(message) > 5000 || !strings.HasPrefix(message, "800 validation errors detected: ") || !strings.Contains(message, "more") {
		t.Errorf("%d bytes: %s", len(message), message)
	}
}

// A schema may have a million characters, however they are written.
func TestTheLongestSchemaIsTaken(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	request := object(t, c.model.Operations["CreateDataset"].Input)
	for name, schema := range map[string]string{"quotes": strings.Repeat(`"ab,`, 250_000), "other letters": strings.Repeat("é", 1_000_000)} {
		request["DatasetSchema"] = map[string]any{"InlineDataSchema": schema}
		if w, _, message := c.send(t, "CreateDataset", request); w.Code != http.StatusOK {
			t.Errorf("%s: %s", name, message)
		}
	}
}

func TestBodiesThatAreNoRequest(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	for body, says := range map[string]string{
		`{"MaxResults": 5`:                   "is not JSON",
		`{"MaxResults": 5}}`:                 "is not JSON",
		`{"MaxResults": 5} {}`:               "is not JSON",
		`{"MaxResults": 5,}`:                 "is not JSON",
		`{'MaxResults': 5}`:                  "is not JSON",
		`{"MaxResults": NaN}`:                "is not JSON",
		`[]`:                                 "is not a JSON object",
		`null`:                               "is not a JSON object",
		`"x"`:                                "is not a JSON object",
		"{\"NextToken\": \"\xff\"}":          "is not UTF-8",
		`{"MaxResults": 5, "MaxResults": 6}`: `has the key "MaxResults" twice`,
		`{"x": {"a": 1, "\u0061": 2}}`:       `has the key "a" twice`,
		strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40):                  "is nested more than 32 deep",
		`{"x": ` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}": "is not",
		`{"x": [` + strings.Repeat("1,", 30_000) + "1]}":                             "holds more than 20000 values",
	} {
		w, kind, message := c.post(t, "ListDatasets", []byte(body))
		if w.Code != http.StatusBadRequest || kind != serialization || !strings.Contains(message, says) || c.asked != nil {
			t.Errorf("%.40q: %d %s %s", body, w.Code, kind, message)
		}
	}
	for _, body := range []string{"", " \n", "{}", "\ufeff"[:0] + " { } "} {
		if w, _, message := c.post(t, "ListDatasets", []byte(body)); w.Code != http.StatusOK {
			t.Errorf("%q: %s", body, message)
		}
	}
}

// FuzzParse holds the reading of bodies against the standard library's.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"A": [1, 2.5e3, null, {"B": "\u00e9"}], "C": true}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parse(body)
		if err != nil {
			return
		}
		if len(strings.TrimSpace(string(body))) == 0 {
			return
		}
		var want map[string]any
		dec := json.NewDecoder(strings.NewReader(string(body)))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("%q: read, and is not JSON: %v", body, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %v is not %v", body, got, want)
		}
	})
}

// FuzzRequest: whatever a body says, the answer is one of the protocol's, and what
// reaches an operation is as its shapes want it.
func FuzzRequest(f *testing.F) {
	m := loaded(f)
	names := slices.Sorted(maps.Keys(m.Operations))
	for i, name := range names {
		body, err := json.Marshal(object(f, m.Operations[name].Input))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), body)
	}
	c := newContract(f)
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		name := names[int(which)%len(names)]
		w, kind, _ := c.post(t, name, body)
		switch {
		case w.Code == http.StatusOK:
			text, err := marshal(c.asked)
			if err != nil {
				t.Fatal(err)
			}
			back, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			// Lists that were not given are written as such or left out.
			for member, v := range back {
				if v == nil {
					delete(back, member)
				}
			}
			if faults := m.Operations[name].Input.Faults(back); len(faults) > 0 {
				t.Fatalf("%s got %s: %v", name, text, faults)
			}
		case w.Code != http.StatusBadRequest || kind != ValidationException && kind != serialization:
			t.Fatalf("%s: %d %s", name, w.Code, w.Body)
		}
	})
}
