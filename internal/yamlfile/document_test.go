package yamlfile

import (
	"errors"
	"strings"
	"testing"
)

type word string

func (word) Values() []string { return []string{"red", "green"} }

type sample struct {
	Name   string            `yaml:"name" jsonschema:"required"`
	Colour word              `yaml:"colour"`
	Share  float64           `yaml:"share"`
	Wait   Duration          `yaml:"wait"`
	Proxy  string            `yaml:"proxy"`
	Parts  []part            `yaml:"parts"`
	Names  map[string]string `yaml:"names"`
}

type part struct {
	Bucket string `yaml:"bucket" jsonschema:"required"`
}

func decode(t *testing.T, text string) (*Document, sample, error) {
	t.Helper()
	var s sample
	doc, err := Decode("a.yaml", []byte(text), &s, Options{Empty: "say something"})
	return doc, s, err
}

func TestEveryFaultIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	doc, _, err := decode(t, "nmae: x\ncolour: gren\nshare: many\nwait: soon\nparts:\n- buckt: b\n")
	if err != nil {
		t.Fatal(err)
	}
	want := `a.yaml:1:1: name: is missing: add it here
a.yaml:1:1: nmae: is not a known key: did you mean "name"?
a.yaml:2:9: colour "gren": is not known: did you mean "green"? use one of red green
a.yaml:3:8: share "many": is no number: write digits, with a point where there is a fraction
a.yaml:4:7: wait "soon": is no duration: write a number and a unit, such as 500ms, 30s, 10m, 72h or 30d, or none where that is allowed
a.yaml:6:3: parts[0].buckt: is not a known key: did you mean "bucket"?
a.yaml:6:3: parts[0].bucket: is missing: add it here`
	lines := strings.Split(doc.Err().Error(), "\n")
	for _, line := range strings.Split(want, "\n") {
		if !strings.Contains(doc.Err().Error(), line) {
			t.Errorf("nothing says %s", line)
		}
	}
	if len(lines) != 7 {
		t.Errorf("%d faults:\n%s", len(lines), doc.Err())
	}
}

func TestGoodValues(t *testing.T) {
	t.Parallel()
	doc, s, err := decode(t, "name: x\ncolour: red\nshare: 0.5\nwait: 3d\nparts: [{bucket: b}]\nnames: {a b: c}\n")
	if err != nil || doc.Err() != nil {
		t.Fatal(err, doc.Err())
	}
	if s.Name != "x" || s.Colour != "red" || s.Share != 0.5 || s.Wait.String() != "72h0m0s" || s.Parts[0].Bucket != "b" || s.Names["a b"] != "c" {
		t.Errorf("%+v", s)
	}
	if !doc.Given("parts[0].bucket") || doc.Given("proxy") {
		t.Error("what is given is not known")
	}
}

func TestWhatCouldNotBeReadIsSaidOnce(t *testing.T) {
	t.Parallel()
	doc, _, err := decode(t, "name: x\nparts: 7\nshare: 2\n")
	if err != nil {
		t.Fatal(err)
	}
	doc.Fault("parts[0].bucket", "is not there", "make it")
	doc.Fault("share", "is more than all", "write at most 1")
	doc.Warn("proxy", "is not given", "it is slow")
	if lines := strings.Split(doc.Err().Error(), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[1], "a.yaml:3:8: share") {
		t.Errorf("%s", doc.Err())
	}
	if w := doc.Warnings(); len(w) != 1 || w[0].Line != 1 {
		t.Errorf("%v", w)
	}
}

func TestNoDocumentAtAll(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                             "is empty: say something",
		"a: [":                         "is not YAML",
		"name: a\n---\nname: b":        "is a second document",
		"x":                            "",
		strings.Repeat("#", maxFile+1): "is larger than 1 MiB",
	} {
		_, _, err := decode(t, text)
		var faults Faults
		if want == "" {
			if err != nil {
				t.Error(err)
			}
		} else if !errors.As(err, &faults) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, not %s", text, err, want)
		}
	}
}

// Faults come into logs and bug reports.
func TestNoPasswordIsRepeated(t *testing.T) {
	t.Parallel()
	doc, _, err := decode(t, "name: x\nproxy: http://me:secret@proxy:3128\n")
	if err != nil {
		t.Fatal(err)
	}
	if f := doc.At("proxy", "is wrong", "").String(); f != `a.yaml:2:8: proxy "http://me:xxxxx@proxy:3128": is wrong` {
		t.Error(f)
	}
}

func TestADocumentMadeInCode(t *testing.T) {
	t.Parallel()
	var doc *Document
	if f := doc.At("a.b", "is wrong", "mend it"); f.String() != "a.b: is wrong: mend it" {
		t.Error(f)
	}
	var empty Document
	empty.Fault("a", "is wrong", "mend it")
	if empty.Err() == nil || empty.Given("a") {
		t.Error(empty.Err())
	}
}

// Whatever a file says, it is read or refused with faults.
func FuzzDecode(f *testing.F) {
	f.Add("name: x\nparts: [{bucket: b}]\n")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		var s sample
		doc, err := Decode("a.yaml", []byte(text), &s, Options{Empty: "say something"})
		if err == nil {
			err = doc.Err()
		}
		var faults Faults
		if err != nil && !errors.As(err, &faults) {
			t.Fatalf("%v", err)
		}
	})
}
