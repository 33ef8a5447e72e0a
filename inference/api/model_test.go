package api

import (
	"encoding/json"
	"go/ast"
	source "go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEveryOperationIsThere(t *testing.T) {
	t.Parallel()
	m := loaded(t)
	all := methods(silent{})
	if len(m.Operations) != 49 || len(all) != 49 {
		t.Fatalf("%d operations in the shapes, %d methods", len(m.Operations), len(all))
	}
	bodiless := 0
	for name, op := range m.Operations {
		e, ok := all[name]
		if !ok {
			t.Errorf("nothing does %s", name)
			continue
		}
		if e.in.Name() != op.Input.Name {
			t.Errorf("%s takes %s, not %s", name, e.in.Name(), op.Input.Name)
		}
		switch {
		case op.Output == nil:
			bodiless++
			if e.out != nil {
				t.Errorf("%s answers %s, and has no answer", name, e.out.Name())
			}
		case e.out == nil || e.out.Name() != op.Output.Name:
			t.Errorf("%s answers %v, not %s", name, e.out, op.Output.Name)
		}
		for _, must := range []string{AccessDeniedException, InternalServerException, ThrottlingException, ValidationException} {
			if !slices.Contains(op.Errors, must) {
				t.Errorf("%s has no %s", name, must)
			}
		}
	}
	if bodiless != 11 {
		t.Errorf("%d operations without a body in their answer", bodiless)
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		ValidationException: 400, ServiceQuotaExceededException: 402, AccessDeniedException: 403, ResourceNotFoundException: 404,
		ConflictException: 409, ThrottlingException: 429, InternalServerException: 500,
	}
	if got := loaded(t).Statuses; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

// Every member of every shape has its field, of the right type: a value with all
// members goes into the struct and comes out the same.
func TestWireTypesAreTheShapes(t *testing.T) {
	t.Parallel()
	all := methods(silent{})
	for name, op := range loaded(t).Operations {
		sides := map[*Shape]reflect.Type{op.Input: all[name].in}
		if op.Output != nil {
			sides[op.Output] = all[name].out
		}
		for shape, typ := range sides {
			sameFields(t, shape, typ)
			full := object(t, shape)
			v := reflect.New(typ)
			setterFor(typ)(v.Elem(), full)
			text, err := marshal(v.Interface())
			if err != nil {
				t.Fatal(err)
			}
			back, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back, full) {
				t.Errorf("%s: %v\ncame back as %v", shape.Name, full, back)
			}
		}
	}
}

// sameFields holds a struct against a structure, and all below them.
func sameFields(t *testing.T, s *Shape, typ reflect.Type) {
	t.Helper()
	if typ.NumField() != len(s.Members) {
		t.Errorf("%s has %d fields, %s has %d members", typ, typ.NumField(), s.Name, len(s.Members))
		return
	}
	for i, m := range s.Members {
		f := typ.Field(i)
		if memberName(f) != m.Name || f.Name != m.Name {
			t.Errorf("%s.%s is %q on the wire, and should be %s", typ, f.Name, memberName(f), m.Name)
		}
		// What need not be given must be told from what is given and empty, unless
		// that says the same.
		pointer := f.Type.Kind() == reflect.Pointer
		number := m.Shape.Type == Integer || m.Shape.Type == Long || m.Shape.Type == Float
		zeroMeans := number && (m.Shape.Min == nil || *m.Shape.Min < 1) || m.Shape.Type == Structure || m.Shape.Name == "ComponentTimestampDelimiter"
		if pointer != (!m.Required && zeroMeans) {
			t.Errorf("%s.%s is a %s; required: %v", typ, f.Name, f.Type, m.Required)
		}
		omits := strings.HasSuffix(f.Tag.Get("json"), ",omitzero")
		if omits == m.Required && m.Shape.Type != Boolean {
			t.Errorf("%s.%s: left out when zero: %v; required: %v", typ, f.Name, omits, m.Required)
		}
		under := f.Type
		if pointer {
			under = under.Elem()
		}
		if want := kindOf(m.Shape.Type); under.Kind() != want {
			t.Errorf("%s.%s is a %s, not a %s", typ, f.Name, under.Kind(), want)
		}
		switch {
		case m.Shape.Type == Structure:
			sameFields(t, m.Shape, under)
		case m.Shape.Type == List && m.Shape.Elem.Type == Structure:
			sameFields(t, m.Shape.Elem, under.Elem())
		}
	}
}

func kindOf(t Type) reflect.Kind {
	return map[Type]reflect.Kind{
		String: reflect.String, Integer: reflect.Int, Long: reflect.Int64, Float: reflect.Float64, Boolean: reflect.Bool,
		Timestamp: reflect.Struct, List: reflect.Slice, Structure: reflect.Struct,
	}[t]
}

// The constants are the words that the shapes list, under their shapes' names.
func TestWordsAreThoseOfTheShapes(t *testing.T) {
	t.Parallel()
	file, err := source.ParseFile(token.NewFileSet(), "wire/words.go", nil, source.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string][]string{}
	shape := ""
	for _, spec := range file.Decls[0].(*ast.GenDecl).Specs {
		v := spec.(*ast.ValueSpec)
		if v.Doc != nil {
			shape = strings.TrimSpace(v.Doc.Text())
		}
		word, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		words[shape] = append(words[shape], word)
	}
	words["RetrainingSchedulerStatus"] = words["InferenceSchedulerStatus"]
	everything(loaded(t), func(s *Shape) {
		elsewhere := s.Name == "DataUploadFrequency" || s.Name == "TargetSamplingRate"
		if len(s.Enum) > 0 && !elsewhere && !slices.Equal(words[s.Name], s.Enum) {
			t.Errorf("%s is one of %v, and has constants for %v", s.Name, s.Enum, words[s.Name])
		}
	})
}

// A count without its upper bound is held by the shape's longest length.
func TestCountsAreHeldByLengths(t *testing.T) {
	t.Parallel()
	everything(loaded(t), func(s *Shape) {
		if s.Pattern == nil {
			return
		}
		for rest := s.Pattern.Source; ; {
			_, after, ok := strings.Cut(rest, "{")
			if !ok {
				return
			}
			text, after, _ := strings.Cut(after, "}")
			rest = after
			_, most, _ := strings.Cut(text, ",")
			if n, err := strconv.ParseInt(most, 10, 64); err == nil && n > mostCount && (s.Max == nil || *s.Max > n+1) {
				t.Errorf("%s: nothing holds %s of %s", s.Name, text, s.Pattern.Source)
			}
		}
	})
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	byName := map[string]*Shape{}
	everything(loaded(t), func(s *Shape) { byName[s.Name] = s })
	for name, c := range map[string]struct{ good, bad []string }{
		"DatasetName":                 {[]string{"a", "A-1_b"}, []string{"", "a b", "a.b", "ä", "a\n", " a"}},
		"IdempotenceToken":            {[]string{"x", "\x00~"}, []string{"é"}},
		"NextToken":                   {[]string{"", strings.Repeat("a", 8192)}, []string{"é"}},
		"NameOrArn":                   {[]string{"a", "arn:aws:kms:x/" + strings.Repeat("a", 1500)}, []string{"-a", "a b"}},
		"ComponentTimestampDelimiter": {[]string{"", "-", "_", " "}, []string{"--", "."}},
		"FileNameTimestampFormat":     {[]string{"EPOCH", "yyyyMMddHHmmss", "yyyy-MM-dd-HH-mm-ss"}, []string{"epoch", "EPOCHS", "xyyyyMMddHHmmss", ""}},
		"LookbackWindow":              {[]string{"P180D", "P720D"}, []string{"P180", "P180DP360D", "P1Y"}},
		"S3Prefix":                    {[]string{"", "a/", "ü b/\tc/"}, []string{"a", "/a", "油/"}},
		"S3Key":                       {[]string{"ab", "a/b"}, []string{"a/", "a"}},
		"TagKey":                      {[]string{"a", "millwright:hold", "team/x", "my_aws:x"}, []string{"aws:x", "a b", "", "a*"}},
		"TagValue":                    {[]string{"", "a/b sensor_1", "x@y.z:0"}, []string{"a\\b", "ä", "a;b"[:0] + "é"}},
		"Policy":                      {[]string{"{}", "ÿ\n\t\r"}, []string{"油", "\x00"}},
		"RetrainingFrequency":         {[]string{"P1Y", "P2M", "P150D", "P3M15D"}, []string{"P1", "1Y", "PT1H", "P10Y"}},
		"TimeZoneOffset":              {[]string{"+00:00", "-12:30"}, []string{"5:30", "+5:30", "Z"}},
		"KmsKeyArn":                   {[]string{"arn:aws:kms:eu-west-1:123456789012:key/ab-1"}, []string{"alias/x"}},
		"ModelVersionArn":             {[]string{"arn:aws:lookoutequipment:plant-1:000000000000:model/m/u/model-version/12"}, []string{"arn:aws:lookoutequipment:plant-1:000000000000:model/m/u"}},
		"Comments":                    {[]string{"any 油 text\n", "\U0001F600"}, []string{""}},
	} {
		for _, text := range c.good {
			if !byName[name].Pattern.Match(text) {
				t.Errorf("%s does not take %.20q", name, text)
			}
		}
		for _, text := range c.bad {
			if byName[name].Pattern.Match(text) {
				t.Errorf("%s takes %.20q", name, text)
			}
		}
	}
}

func TestOddPatternsAreRefused(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"(", "^(?!a(b))c", "^(?!a", "a(?!b)", "[", `\1`} {
		if p, err := newPattern(source); err == nil {
			t.Errorf("%s is translated to %s", source, p.must)
		}
	}
}

// Every location of a request is read or written, and none is in a list, where
// nobody looks.
func TestEveryLocationIsGuarded(t *testing.T) {
	t.Parallel()
	m := loaded(t)
	var kinds []string
	requests(m, func(s *Shape) {
		u, err := useOf(s)
		if err != nil {
			t.Error(err)
		}
		if u != noPlace {
			kinds = append(kinds, s.Name)
		}
		if s.Type == List {
			each(s.Elem, map[*Shape]bool{}, func(below *Shape) {
				if hasMember(below, "Bucket") {
					t.Errorf("%s holds locations", s.Name)
				}
			})
		}
	})
	slices.Sort(kinds)
	want := []string{"InferenceS3InputConfiguration", "InferenceS3OutputConfiguration", "IngestionS3InputConfiguration", "LabelsS3InputConfiguration", "ModelDiagnosticsS3OutputConfiguration"}
	if !slices.Equal(kinds, want) {
		t.Errorf("%v", kinds)
	}
}

func TestSamplesAreGood(t *testing.T) {
	t.Parallel()
	everything(loaded(t), func(s *Shape) {
		if faults := s.Faults(sample(t, s)); len(faults) > 0 {
			t.Errorf("%s: %v", s.Name, faults)
		}
	})
}

func TestValuesOfNumbers(t *testing.T) {
	t.Parallel()
	least, most := int64(1), int64(500)
	s := &Shape{Type: Integer, Min: &least, Max: &most}
	for text, good := range map[string]bool{
		"1": true, "500": true, "5.0": true, "5e1": true, "0": false, "501": false, "1.5": false, "-1": false, "4294967297": false, "1e999": false, "9223372036854775808": false,
	} {
		if faults := s.Faults(json.Number(text)); (len(faults) == 0) != good {
			t.Errorf("%s: %v", text, faults)
		}
	}
	for text, good := range map[string]bool{
		"0": true, "1767614400.125": true, "-1": true, "1.7676144E9": true, "253402300799": true, "253402300801": false, "1e999": false, "-1e12": false,
	} {
		if faults := (&Shape{Type: Timestamp}).Faults(json.Number(text)); (len(faults) == 0) != good {
			t.Errorf("%s: %v", text, faults)
		}
	}
}
