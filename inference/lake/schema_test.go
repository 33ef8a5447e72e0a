package lake_test

import (
	"reflect"
	"strings"
	"testing"

	"millwright/inference/lake"
)

const pumpSchema = `{"Components":[{"ComponentName":"pump","Columns":[{"Name":"Timestamp","Type":"DATETIME"},{"Name":"flow","Type":"DOUBLE"},{"Name":"speed","Type":"DOUBLE"}]}]}`

func TestSchemaIsReadAndShown(t *testing.T) {
	t.Parallel()
	s, err := lake.ParseSchema(pumpSchema)
	if err != nil {
		t.Fatal(err)
	}
	want := lake.Schema{Components: []lake.Component{{Name: "pump", Timestamp: "Timestamp", Sensors: []string{"flow", "speed"}}}}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("%+v", s)
	}
	if s.JSON() != pumpSchema {
		t.Error(s.JSON())
	}
}

func TestSchemasThatAreWrong(t *testing.T) {
	t.Parallel()
	columns := func(c string) string {
		return `{"Components":[{"ComponentName":"pump","Columns":[` + c + `]}]}`
	}
	for text, want := range map[string]string{
		``: "JSON", `[]`: "JSON", `{}`: "no component", `{"Components":[]}`: "no component",
		columns(``): "DATETIME",
		columns(`{"Name":"t","Type":"DATETIME"}`):                                                             "no column of type DOUBLE",
		columns(`{"Name":"t","Type":"DATETIME"},{"Name":"u","Type":"DATETIME"},{"Name":"a","Type":"DOUBLE"}`): "has 2",
		columns(`{"Name":"t","Type":"DATETIME"},{"Name":"a","Type":"DOUBLE"},{"Name":"a","Type":"DOUBLE"}`):   "twice",
		columns(`{"Name":"t","Type":"DATETIME"},{"Name":"a b","Type":"DOUBLE"}`):                              "a b",
		columns(`{"Name":"t","Type":"DATETIME"},{"Name":"a","Type":"INT"}`):                                   "INT",
		strings.Replace(pumpSchema, `"pump"`, `"pu mp"`, 1):                                                   "pu mp",
		strings.Repeat(" ", 1_000_001):                                                                        "bytes",
	} {
		if _, err := lake.ParseSchema(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %s", text, err, want)
		}
	}
}

func TestDetectJoinsHeaders(t *testing.T) {
	t.Parallel()
	got := lake.Detect([]lake.Header{
		{"pump", "time", []string{"b", "a"}}, {"fan", "a stamp", []string{"x"}}, {"pump", "t", []string{"a", "c"}},
	})
	want := lake.Schema{Components: []lake.Component{{"fan", "Timestamp", []string{"x"}}, {"pump", "time", []string{"b", "a", "c"}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if err := got.Within(want); err != nil {
		t.Error(err)
	}
	if err := (lake.Schema{Components: []lake.Component{{"pump", "time", []string{"z"}}, {"mill", "", nil}}}).Within(got); err == nil ||
		!strings.Contains(err.Error(), "no sensor z") || !strings.Contains(err.Error(), "no component mill") {
		t.Error(err)
	}
}

func FuzzSchema(f *testing.F) {
	f.Add(pumpSchema)
	f.Add(`{"Components":[{"ComponentName":"p","Columns":[{"Name":"t","Type":"DATETIME"}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := lake.ParseSchema(text)
		if err != nil {
			return
		}
		again, err := lake.ParseSchema(s.JSON())
		if err != nil || len(again.Sensors()) != len(s.Sensors()) || again.JSON() == "" {
			t.Fatalf("%s: %v", s.JSON(), err)
		}
	})
}
