package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"millwright/internal/golden"
	"millwright/internal/yamlfile"
)

// parseFile reads a file under its base name, so that messages do not depend on
// where the tests run.
func parseFile(t *testing.T, file string) (*Config, []yamlfile.Fault, error) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(filepath.Base(file), data)
}

func TestGoodFiles(t *testing.T) {
	t.Parallel()
	for _, file := range golden.Files(t, "testdata/good/*.yaml") {
		if _, warnings, err := parseFile(t, file); err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %v", file, err, warnings)
		}
	}
}

func TestBadFilesNameEveryFault(t *testing.T) {
	t.Parallel()
	for _, file := range golden.Files(t, "testdata/bad/*.yaml") {
		c, _, err := parseFile(t, file)
		var faults yamlfile.Faults
		if c != nil || !errors.As(err, &faults) {
			t.Errorf("%s: accepted, or another error: %v", file, err)
			continue
		}
		for _, f := range faults {
			if f.Problem == "" || f.Remedy == "" || f.File == "" || strings.Contains(f.String(), "hunter2") {
				t.Errorf("%s: %+v lacks something, or says too much", file, f)
			}
		}
		golden.Check(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, file := range golden.Files(t, "testdata/warn/*.yaml") {
		c, warnings, err := parseFile(t, file)
		if c == nil || err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden.Check(t, strings.TrimSuffix(file, ".yaml")+".txt", yamlfile.Faults(warnings).Error()+"\n")
	}
}

func TestDefaultsServeOneMachine(t *testing.T) {
	t.Parallel()
	fromFile, _, err := parseFile(t, "testdata/good/minimal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, warnings, err := New("/srv/serve", "", "")
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	restart, _ := c.Detector.Restart.Duration()
	_, fixed := c.Detector.Hold.Duration()
	for _, v := range []struct {
		name      string
		got, want any
	}{
		{"listen", c.Listen, "127.0.0.1:8480"},
		{"s3_listen", c.S3Listen, "127.0.0.1:8481"},
		{"account_id", c.AccountID, "000000000000"},
		{"region", c.Region, "plant-1"},
		{"s3.region", c.S3.Region, "plant-1"},
		{"path_style", c.S3.PathStyle.On(), true},
		{"weekly", c.Detector.FalseAlarmsPerWeek, 1.0},
		{"restart", restart, time.Hour},
		{"hold", fixed, false},
		{"min_days", c.Detector.MinDays, 14},
		{"catch_up", c.CatchUp.Duration(), 24 * time.Hour},
		{"work_bucket", c.WorkBucket, "millwright"},
		{"datasets", c.Quotas.Datasets, 15},
		{"models", c.Quotas.Models, 15},
		{"sensors", c.Quotas.SensorsPerModel, 300},
		{"dataset", c.Quotas.Dataset.Bytes(), int64(50e9)},
		{"file", c.Quotas.File.Bytes(), int64(5e9)},
		{"memory", c.Memory.Bytes(), int64(1 << 30)},
		{"level", string(c.Log.Level), "info"},
	} {
		if v.got != v.want {
			t.Errorf("%s is %v, want %v", v.name, v.got, v.want)
		}
	}
	fromFile.doc, c.doc = nil, nil
	if !reflect.DeepEqual(fromFile, c) {
		t.Errorf("%+v\nis not\n%+v", fromFile, c)
	}
}

func TestAPublicAddressWantsTLS(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:1": "fine", "localhost:1": "fine", "[::1]:1": "fine", "[::ffff:127.0.0.1]:1": "fine",
		"10.1.2.3:1": "warned", "172.16.0.1:1": "warned", "192.168.1.1:1": "warned", "169.254.1.1:1": "warned", "[fd12::1]:1": "warned", "[fe80::1]:1": "warned",
		":1": "refused", "0.0.0.0:1": "refused", "[::]:1": "refused", "8.8.8.8:1": "refused", "plant.example:1": "refused", "[2001:db8::1]:1": "refused", "100.64.0.1:1": "refused",
	} {
		_, warnings, err := New("/srv", address, "")
		got := "fine"
		switch {
		case err != nil:
			got = "refused"
		case len(warnings) > 0:
			got = "warned"
		}
		if got != want {
			t.Errorf("%s is %s, not %s: %v %v", address, got, want, err, warnings)
		}
		withTLS := "cert_file: /c\nkey_file: /k\nlisten: \"" + address + "\"\n"
		if _, warnings, err := Parse("a.yaml", []byte(withTLS)); err != nil || len(warnings) > 0 {
			t.Errorf("%s with TLS: %v %v", address, err, warnings)
		}
	}
}

func TestAutoReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"auto", "1h0m0s", "0s"} {
		var a Auto
		if err := a.UnmarshalText([]byte(text)); err != nil || a.String() != text {
			t.Errorf("%s: %v %v", text, a, err)
		}
	}
	for _, text := range []string{"", "none", "-1h", "7"} {
		var a Auto
		if a.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q read as %v", text, a)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, folder := range []string{"good", "bad", "warn"} {
		found, _ := filepath.Glob("testdata/" + folder + "/*.yaml")
		for _, file := range found {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, _, err := Parse("a.yaml", data)
		var faults yamlfile.Faults
		if (c == nil) == (err == nil) || err != nil && !errors.As(err, &faults) {
			t.Fatalf("%v %v", c, err)
		}
	})
}
