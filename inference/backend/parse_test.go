package backend

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"millwright/inference/api/wire"
	"millwright/inference/lake"
	"millwright/inference/store"
)

func TestPatternsOfPolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"a*c", "abbc", true},
		{"a*c", "abcb", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"*b*b*", "abab", true},
		{"*b*b*", "ab", false},
		{"a**", "a", true},
	} {
		if like(c.pattern, c.text) != c.want {
			t.Errorf("%q like %q: not %v", c.text, c.pattern, c.want)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": ["*"], "Resource": "*"}]}`)
	f.Add(`{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "a*b?"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePolicy(text)
		if err != nil {
			return
		}
		for _, s := range p.Statement {
			if s.Effect == "Deny" && s.applies("000000000000", actionImportDataset, "arn") && p.says("000000000000", actionImportDataset, "arn") != denied {
				t.Errorf("%s: a Deny does not count", text)
			}
		}
	})
}

func FuzzPeriod(f *testing.F) {
	f.Add("P3M15D", int64(0), int64(1))
	f.Add("P1Y", int64(1709164800), int64(1800000000))
	f.Fuzz(func(t *testing.T, text string, start, now int64) {
		p, err := ParsePeriod(text)
		const end = 4102444800 // 2100
		if err != nil || start < 0 || start > end || now < 0 || now > end {
			return
		}
		from, at := startDate(wire.At(time.Unix(start, 0)), time.Time{}), time.Unix(now, 0).UTC()
		next := p.Next(from, at)
		if !next.After(at) || next.Before(from) || from.Before(at) && next.Sub(at) > 370*day {
			t.Errorf("%s from %s: after %s comes %s", text, from, at, next)
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add(TagFalseAlarms, "0.5")
	f.Add(TagHold, "auto")
	f.Add(TagRestart, "1h30m")
	f.Add(TagModeSensors, "pump/flow  pump/rpm")
	f.Fuzz(func(t *testing.T, key, value string) {
		if !utf8.ValidString(value) { // it comes as JSON
			return
		}
		s, err := Settings{}.filled().with([]store.Tag{{Key: key, Value: value}}, lake.Schema{})
		if err != nil {
			return
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var read Settings
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again, err := Settings{}.filled().with(read.tags(), lake.Schema{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if second, err := json.Marshal(again); err != nil || string(second) != string(text) {
			t.Errorf("%s became %s: %v", text, second, err)
		}
	})
}

func TestSettingsFitIntoTags(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"1e-300", "1000", "0.25", "0.30000000000000004"} {
		s, err := Settings{}.filled().with([]store.Tag{{Key: TagFalseAlarms, Value: value}}, lake.Schema{})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.tags()[0].Value; got != value {
			t.Errorf("%s is shown as %s", value, got)
		}
	}
}
