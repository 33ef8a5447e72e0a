package starter

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/config"
	"millwright/internal/golden"
	"millwright/internal/objstore"
	"millwright/internal/window"
)

func yamlOf(t *testing.T, s *Starter) string {
	t.Helper()
	return string(s.YAML())
}

// filled puts a value wherever one is to be filled in.
func filled(text string) string {
	for key, v := range map[string]string{
		"path": "/srv/drop", "name": "pump-7", "components": "[pump-7]", "data_upload_frequency": "PT5M", "data_delay_offset_in_minutes": "2",
		"target_sampling_rate": "PT1M", "bucket": "plant", "prefix": "x/", "input_time_zone_offset": `"+00:00"`, "timestamp_format": "EPOCH",
		"component_timestamp_delimiter": `"_"`,
	} {
		text = regexp.MustCompile(`(?m)^([ -]*`+key+`: ).*<fill in.*$`).ReplaceAllString(text, "${1}"+v)
	}
	return text
}

// Only blanks are wrong with a starter, and each is told.
func TestEmptyStarter(t *testing.T) {
	t.Parallel()
	text := yamlOf(t, &Starter{})
	golden.Check(t, "testdata/empty.yaml", text)
	_, _, err := config.Parse("x", []byte(text))
	var faults config.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("accepted: %v", err)
	}
	for _, f := range faults {
		if f.Problem != "is not filled in yet" {
			t.Error(f)
		}
	}
	if want := strings.Count(text, `"<fill in`) - 1; len(faults) != want { // one is in the head's comment
		t.Errorf("%d faults for %d blanks", len(faults), want)
	}
	if _, warnings, err := config.Parse("x", []byte(filled(text))); err != nil || len(warnings) > 0 {
		t.Errorf("filled in: %v %v", err, warnings)
	}
}

// What the comments call the defaults are the defaults.
func TestCommentedDefaultsAreTheDefaults(t *testing.T) {
	t.Parallel()
	text := filled(yamlOf(t, &Starter{}))
	text, sinks, _ := strings.Cut(text, "# sinks:\n")
	sinks, limits, _ := strings.Cut(sinks, "\n\n")
	text += limits
	given := regexp.MustCompile(`(?m)^( *)# ( *(?:[a-z_0-9]+: |csv:|schedulers:))`).ReplaceAllString(text, "$1$2")
	if given == text {
		t.Fatal("nothing was a comment")
	}
	with, _, err := config.Parse("x", []byte(given))
	if err != nil {
		t.Fatalf("%v\n%s", err, given)
	}
	without, _, err := config.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	show := func(c *config.Config) string {
		return fmt.Sprintf("%+v\n%+v\n%+v\n%+v\n%+v\n%+v", c.StateDir, c.Log, c.HTTP, c.Drops, c.Schedulers, c.Limits)
	}
	if show(with) != show(without) {
		t.Errorf("with:\n%s\nwithout:\n%s", show(with), show(without))
	}
	withSinks := text + "\nsinks:\n" + strings.ReplaceAll(sinks, "# ", "")
	if c, _, err := config.Parse("x", []byte(withSinks)); err != nil || len(c.Sinks) != 3 {
		t.Errorf("the sinks of the comment: %v\n%s", err, withSinks)
	}
}

const scheduler = `{
  "ModelArn": "arn:aws:lookoutequipment:eu-west-1:123456789012:model/pumps/0e1b",
  "ModelName": "pumps",
  "InferenceSchedulerName": "pumps-scheduler",
  "InferenceSchedulerArn": "arn:aws:lookoutequipment:eu-west-1:123456789012:inference-scheduler/pumps-scheduler/77",
  "Status": "RUNNING",
  "DataDelayOffsetInMinutes": 5,
  "DataUploadFrequency": "PT15M",
  "CreatedAt": "2024-05-01T10:00:00+02:00",
  "DataInputConfiguration": {
    "S3InputConfiguration": {"Bucket": "plant", "Prefix": "inference/input/"},
    "InputTimeZoneOffset": "+05:30",
    "InferenceInputNameConfiguration": {"TimestampFormat": "yyyyMMddHHmmss", "ComponentTimestampDelimiter": ""}
  },
  "DataOutputConfiguration": {"S3OutputConfiguration": {"Bucket": "plant", "Prefix": "inference/output/"}, "KmsKeyId": "alias/plant"}
}`

const model = `{
  "ModelName": "pumps",
  "Schema": "{\"Components\": [{\"ComponentName\": \"pump-7\", \"Columns\": [{\"Name\": \"Timestamp\", \"Type\": \"DATETIME\"}, {\"Name\": \"speed\", \"Type\": \"DOUBLE\"}, {\"Name\": \"flow\", \"Type\": \"DOUBLE\"}]}, {\"ComponentName\": \"007\", \"Columns\": [{\"Name\": \"T\", \"Type\": \"DATETIME\"}, {\"Name\": \"on\", \"Type\": \"DOUBLE\"}]}]}",
  "OffCondition": "pump-7\\speed < 10",
  "DataPreProcessingConfiguration": {"TargetSamplingRate": "PT1M"}
}`

func TestFromDescriptions(t *testing.T) {
	t.Parallel()
	s := &Starter{Endpoint: "https://minio.plant:9000", PathStyle: true}
	if err := s.FromScheduler([]byte(scheduler)); err != nil {
		t.Fatal(err)
	}
	if err := s.FromModel([]byte(model)); err != nil {
		t.Fatal(err)
	}
	text := yamlOf(t, s)
	golden.Check(t, "testdata/described.yaml", text)
	c, warnings, err := config.Parse("x", []byte(filled(text)))
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v %v", err, warnings)
	}
	got := c.Schedulers[0]
	if key := got.Naming().Key("007", 0); key != "inference/input/00719700101053000.csv" {
		t.Errorf("key %q", key)
	}
	if cadence := got.Cadence(); cadence.Frequency != 15*time.Minute || cadence.Delay != 5*time.Minute || cadence.Rate != time.Minute {
		t.Errorf("cadence %+v", cadence)
	}
	if !slices.Equal(got.Schema["pump-7"], []string{"speed", "flow"}) || !slices.Equal(got.Schema["007"], []string{"on"}) {
		t.Errorf("schema %v", got.Schema)
	}
	if c.S3.Endpoint != "https://minio.plant:9000" || !c.S3.PathStyle {
		t.Errorf("s3 %+v", c.S3)
	}
}

func TestDescriptionsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", "[]", `{"InferenceSchedulerName": 7}`, `{"ModelName": ""}`} {
		if err := new(Starter).FromScheduler([]byte(text)); err == nil {
			t.Errorf("scheduler %q accepted", text)
		}
		if err := new(Starter).FromModel([]byte(text)); err == nil {
			t.Errorf("model %q accepted", text)
		}
	}
	s := &Starter{}
	if err := s.FromScheduler([]byte(scheduler)); err != nil {
		t.Fatal(err)
	}
	if err := s.FromModel([]byte(`{"ModelName": "fans"}`)); err == nil || !strings.Contains(err.Error(), "do not belong together") {
		t.Errorf("another model: %v", err)
	}
}

// shelf is a bucket in memory.
type shelf map[string]string

func (s shelf) List(_ context.Context, _, prefix, after string, fn func([]objstore.Info) (bool, error)) error {
	var page []objstore.Info
	for key, body := range s {
		if strings.HasPrefix(key, prefix) && key > after {
			page = append(page, objstore.Info{Key: key, Size: int64(len(body))})
		}
	}
	slices.SortFunc(page, func(a, b objstore.Info) int { return strings.Compare(a.Key, b.Key) })
	for some := range slices.Chunk(page, 1000) {
		if more, err := fn(some); err != nil || !more {
			return err
		}
	}
	return nil
}

func (s shelf) Get(_ context.Context, _, key string, _ int64) ([]byte, objstore.Info, error) {
	body, ok := s[key]
	if !ok {
		return nil, objstore.Info{}, objstore.ErrNotFound
	}
	return []byte(body), objstore.Info{}, nil
}

// plant fills a shelf as agents and a scheduler would have.
func plant(n window.Naming, c window.Cadence, windows int, components ...string) shelf {
	s := shelf{"readme.txt": "hello", "in/pump_latest.csv": "x"}
	for i := range windows {
		start := 1_700_000_100_000_000_000/int64(c.Frequency)*int64(c.Frequency) + int64(i)*int64(c.Frequency)
		for _, component := range components {
			first := time.Unix(0, start+int64(c.Rate)).UTC()
			s[n.Key(component, start)] = "Timestamp,flow,speed\n" + first.Format("2006-01-02T15:04:05.000000") + ",1,2\n"
		}
		var lines strings.Builder
		first, rows := c.Labels(start)
		for k := range rows {
			at := time.Unix(0, first+int64(k)*int64(c.Rate)).UTC().Format("2006-01-02T15:04:05.000000")
			fmt.Fprintf(&lines, "{\"timestamp\": %q, \"prediction\": 0}\n", at)
		}
		s[window.ResultKey("out/", start)] = lines.String()
	}
	return s
}

func TestFromBucket(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		naming  window.Naming
		cadence window.Cadence
		windows int
		offset  string
	}{
		{window.Naming{Prefix: "in/", Delimiter: "_"}, window.Cadence{Frequency: 5 * time.Minute, Rate: time.Minute}, 5, "+00:00"},
		{window.Naming{Prefix: "in/", Delimiter: "-", Offset: 330 * time.Minute}, window.Cadence{Frequency: 10 * time.Minute, Rate: 30 * time.Second}, 3000, "+05:30"},
		{window.Naming{Prefix: "in/", Format: window.FormatEpoch}, window.Cadence{Frequency: time.Hour, Rate: 5 * time.Minute}, 4, "+00:00"},
		{window.Naming{Prefix: "in/", Delimiter: " ", Format: window.FormatDashed, Offset: -9 * time.Hour}, window.Cadence{Frequency: 15 * time.Minute, Rate: 5 * time.Minute}, 4, "-09:00"},
		{window.Naming{Prefix: "in/", Delimiter: "_", Offset: -9 * time.Hour}, window.Cadence{Frequency: time.Hour, Rate: 5 * time.Minute}, 4, ""},
	} {
		s := &Starter{}
		if err := s.FromBucket(t.Context(), plant(c.naming, c.cadence, c.windows, "pump-7", "fan"), "plant", ""); err != nil {
			t.Fatal(err)
		}
		if s.Frequency != window.FormatDuration(c.cadence.Frequency) || s.Rate != window.FormatDuration(c.cadence.Rate) || s.Offset != c.offset {
			t.Errorf("%+v: frequency %s, rate %s, offset %s", c.naming, s.Frequency, s.Rate, s.Offset)
		}
		if s.InputPrefix != "in/" || s.OutputPrefix != "out/" || s.Delimiter == nil || *s.Delimiter != c.naming.Delimiter || !slices.Equal(s.Components, []string{"fan", "pump-7"}) {
			t.Errorf("%+v: %+v", c.naming, s)
		}
		if !slices.Equal(s.Schema["fan"], []string{"flow", "speed"}) {
			t.Errorf("schema %v", s.Schema)
		}
		text := yamlOf(t, s)
		if !strings.Contains(text, "data_delay_offset_in_minutes: \"<fill in") || !strings.Contains(text, "name: \"<fill in") {
			t.Errorf("what a bucket does not tell was filled in:\n%s", text)
		}
		if _, _, err := config.Parse("x", []byte(filled(text))); err != nil {
			t.Error(err)
		}
	}
}

// Too little, or too much of different kinds, is left open.
func TestFromBucketGuessesNothing(t *testing.T) {
	t.Parallel()
	naming, cadence := window.Naming{Prefix: "in/", Delimiter: "_"}, window.Cadence{Frequency: 5 * time.Minute, Rate: 5 * time.Minute}
	s := &Starter{}
	if err := s.FromBucket(t.Context(), plant(naming, cadence, 2, "pump"), "plant", ""); err != nil {
		t.Fatal(err)
	}
	if s.Frequency != "" || s.Rate != "" || s.Offset != "" {
		t.Errorf("two windows tell %+v", s)
	}
	two := plant(naming, cadence, 5, "pump")
	two["in2/pump_20240101000000.csv"] = ""
	s = &Starter{}
	if err := s.FromBucket(t.Context(), two, "plant", ""); err != nil {
		t.Fatal(err)
	}
	if s.InputKnown || s.Components != nil || len(s.Notes) == 0 {
		t.Errorf("two prefixes tell %+v", s)
	}
	s = &Starter{}
	if err := s.FromBucket(t.Context(), shelf{}, "plant", ""); err != nil || len(s.Notes) == 0 {
		t.Errorf("an empty bucket: %v %+v", err, s)
	}
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{"s3://plant": "plant ", "s3://plant/in/": "plant in/", "plant/in": "", "s3://": "", "https://plant": ""} {
		bucket, prefix, err := ParseURL(url)
		if (err == nil) != (want != "") || err == nil && bucket+" "+prefix != want {
			t.Errorf("%q: %q %q %v", url, bucket, prefix, err)
		}
	}
}

func FuzzFromDescriptions(f *testing.F) {
	f.Add([]byte(scheduler), []byte(model))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		s := &Starter{}
		if s.FromScheduler(a) != nil || s.FromModel(b) != nil {
			return
		}
		text := s.YAML()
		_, _, err := config.Parse("x", text)
		if err != nil && strings.Contains(err.Error(), "is not YAML") {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
