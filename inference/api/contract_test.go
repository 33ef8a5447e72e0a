package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/zap"
)

// everyone may do everything.
type everyone struct{}

func (everyone) Allowed(string) bool          { return true }
func (everyone) MayRead(string, string) bool  { return true }
func (everyone) MayWrite(string, string) bool { return true }

// unsigned takes every request for one of a principal with that access.
func unsigned(a Access) Authenticate {
	return func(*http.Request) (Verify, error) {
		return func([]byte) (Identity, error) {
			return Identity{Name: "tests", AccessKey: "K", Account: "000000000000", Access: a}, nil
		}, nil
	}
}

// contract is a Handler whose operations record what they are asked.
type contract struct {
	*Handler
	asked any
}

func newContract(t testing.TB) *contract {
	t.Helper()
	h, err := New(silent{}, unsigned(everyone{}), Options{CheckAnswers: true}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{Handler: h}
	for _, e := range h.entries {
		var answer any
		if e.out != nil {
			answer = sample(t, e.Output)
		}
		e.call = func(_ context.Context, _ Caller, set setter, request map[string]any) (any, error) {
			in := reflect.New(e.in)
			set(in.Elem(), request)
			c.asked = in.Interface()
			if e.out == nil {
				return nil, nil
			}
			out := reflect.New(e.out)
			setterFor(e.out)(out.Elem(), answer)
			return out.Interface(), nil
		}
	}
	return c
}

// send calls an operation and gives the answer, and its error type and message.
func (c *contract) send(t testing.TB, operation string, request any) (w *httptest.ResponseRecorder, kind, message string) {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return c.post(t, operation, body)
}

func (c *contract) post(t testing.TB, operation string, body []byte) (w *httptest.ResponseRecorder, kind, message string) {
	t.Helper()
	c.asked = nil
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", json10)
	r.Header.Set("X-Amz-Target", c.model.Target+"."+operation)
	w = httptest.NewRecorder()
	c.ServeHTTP(w, r)
	if w.Code == http.StatusOK {
		return w, "", ""
	}
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"Message"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
		t.Fatalf("%s: %v: %s", operation, err, w.Body)
	}
	return w, e.Type, e.Message
}

// bend is one thing done to a good request, and what is to be said of it.
type bend struct {
	what    string
	at      string
	request map[string]any
	wants   string
}

// bends makes every request that differs from a good one in one place that its
// shape does not take.
func bends(t testing.TB, s *Shape) []bend {
	t.Helper()
	var all []bend
	for _, m := range s.Members {
		put := func(what, at, wants string, value any) {
			request := object(t, s)
			request[m.Name] = value
			all = append(all, bend{what, at, request, wants})
		}
		missing := object(t, s)
		delete(missing, m.Name)
		if m.Required {
			all = append(all, bend{"missing " + m.Name, m.path, missing, "Value null at '%' failed to satisfy constraint: Member must not be null"})
			put("null "+m.Name, m.path, "Value null at '%' failed to satisfy constraint: Member must not be null", nil)
		}
		for _, b := range badValues(t, m.Shape) {
			put(b.what+" "+m.Name, m.path+b.at, b.wants, b.value)
		}
	}
	return all
}

type badValue struct {
	what, at, wants string
	value           any
}

// badValues are those that a shape does not take, at it and below it.
func badValues(t testing.TB, s *Shape) []badValue {
	t.Helper()
	var bad []badValue
	add := func(what, wants string, value any) {
		bad = append(bad, badValue{what, "", "at '%' failed to satisfy constraint: " + wants, value})
	}
	switch s.Type {
	case String:
		add("number for", "Member must be a string", json.Number("5"))
		if s.Max != nil {
			add("long", "Member must have length less than or equal to", strings.Repeat("a", int(*s.Max)+1))
		}
		if s.Min != nil && *s.Min > 0 {
			add("short", "Member must have length greater than or equal to", "")
		}
		// Ranges of everything but a few controls take all but those.
		if s.Pattern != nil && !strings.HasPrefix(s.Pattern.Source, `[\P{M}`) {
			add("badly patterned", "Member must satisfy regular expression pattern: "+s.Pattern.Source, "\u2603 é\x01")
		}
		if len(s.Enum) > 0 {
			add("unknown word for", "Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]", "OTHER")
			add("small letters for", "Member must satisfy enum value set", strings.ToLower(s.Enum[0]))
		}
	case Integer, Long:
		add("text for", "Member must be a whole number", "5")
		add("fraction for", "Member must be a whole number", json.Number("5.5"))
		if s.Max != nil {
			add("large", "Member must have value less than or equal to", *s.Max+1)
		}
		if s.Min != nil {
			add("small", "Member must have value greater than or equal to", *s.Min-1)
		}
	case Timestamp:
		add("text for", "Member must be a number of seconds", "2026-01-05T00:00:00Z")
		add("endless", "Member must be a time before", json.Number("1e15"))
	case List:
		add("text for", "Member must be a list", "a,b")
		if s.Max != nil {
			long := make([]any, *s.Max+1)
			for i := range long {
				long[i] = sample(t, s.Elem)
			}
			add("long", "Member must have length less than or equal to", long)
		}
		bad = append(bad, badValue{"null in", ".2.member", "Value null at '%' failed to satisfy constraint: Member must not be null", []any{sample(t, s.Elem), nil}})
		for _, b := range badValues(t, s.Elem) {
			bad = append(bad, badValue{b.what + " in", ".1.member" + b.at, b.wants, []any{b.value}})
		}
	case Structure:
		add("text for", "Member must be a structure", "x")
		add("list for", "Member must be a structure", []any{})
		for _, b := range bends(t, s) {
			bad = append(bad, badValue{b.what + " in", "." + b.at, b.wants, b.request})
		}
	}
	return bad
}

// TestContract sends every operation everything that its shapes take and do not
// take.
func TestContract(t *testing.T) {
	t.Parallel()
	total := 0
	for name, op := range loaded(t).Operations {
		c := newContract(t)
		full := object(t, op.Input)
		w, kind, message := c.send(t, name, full)
		if w.Code != http.StatusOK || c.asked == nil {
			t.Errorf("%s: %d %s %s", name, w.Code, kind, message)
			continue
		}
		if (w.Body.Len() == 0) != (op.Output == nil) {
			t.Errorf("%s answers %s", name, w.Body)
		}
		asked := c.asked

		least := maps.Clone(full)
		for _, m := range op.Input.Members {
			if !m.Required {
				delete(least, m.Name)
			}
		}
		if _, kind, message := c.send(t, name, least); kind != "" {
			t.Errorf("%s with what is required: %s", name, message)
		}
		for _, m := range op.Input.Members { // null is not given
			if !m.Required {
				least[m.Name] = nil
			}
		}
		if _, kind, message := c.send(t, name, least); kind != "" {
			t.Errorf("%s with nulls: %s", name, message)
		}
		withUnknown(full)
		if _, kind, message := c.send(t, name, full); kind != "" || !reflect.DeepEqual(c.asked, asked) {
			t.Errorf("%s with unknown members: %s", name, message)
		}

		for _, b := range bends(t, op.Input) {
			total++
			w, kind, message := c.send(t, name, b.request)
			wants := strings.Replace(b.wants, "%", b.at, 1)
			if w.Code != http.StatusBadRequest || kind != ValidationException || !strings.Contains(message, wants) || c.asked != nil {
				t.Errorf("%s, %s: %d %s %s\nwants %s", name, b.what, w.Code, kind, message, wants)
			}
		}
	}
	if total < 1000 {
		t.Errorf("only %d bad requests", total)
	}
	t.Logf("%d bad requests", total)
}

// withUnknown puts members that no shape has into every structure.
func withUnknown(object map[string]any) {
	for _, member := range object {
		switch v := member.(type) {
		case map[string]any:
			withUnknown(v)
		case []any:
			for _, item := range v {
				if o, ok := item.(map[string]any); ok {
					withUnknown(o)
				}
			}
		}
	}
	object["FromAnotherYear"] = map[string]any{"A": []any{nil, 1, "x"}}
	object["datasetName"] = 5 // names are exact: this is none
}

// All faults are told at once.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	_, kind, message := c.send(t, "CreateDataset", map[string]any{
		"DatasetName": "a b", "Tags": []any{map[string]any{"Key": "aws:x"}},
	})
	want := "4 validation errors detected: Value 'a b' at 'datasetName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9a-zA-Z_-]{1,200}$; " +
		"Value null at 'clientToken' failed to satisfy constraint: Member must not be null; " +
		"Value 'aws:x' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?!aws:)[a-zA-Z+-=._:/]+$; " +
		"Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null"
	if kind != ValidationException || message != want {
		t.Errorf("%s %s", kind, message)
	}
	if _, _, message = c.send(t, "DeleteModel", map[string]any{}); message != "1 validation error detected: Value null at 'modelName' failed to satisfy constraint: Member must not be null" {
		t.Error(message)
	}
}
