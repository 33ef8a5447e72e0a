package yamlfile

import (
	"strings"
	"testing"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":                                 "",
		"https://s3.plant.example":         "",
		"http://localhost:9000":            "",
		"http://127.0.0.1:9000":            "",
		"http://[::1]:9000":                "",
		"http://[::ffff:127.0.0.1]":        "",
		"http://10.0.0.7:9000":             "warning: is not encrypted",
		"http://localhost.plant.example":   "warning: is not encrypted",
		"s3.plant.example:9000":            "is no URL of a server",
		"ftp://s3.plant.example":           "is no URL of a server",
		"https://":                         "is no URL of a server",
		"https://key:secret@plant.example": "holds credentials",
	} {
		var d Document
		d.Endpoint("s3.endpoint", value)
		got := ""
		for _, w := range d.Warnings() {
			got = "warning: " + w.Problem
		}
		if err := d.Err(); err != nil {
			got = err.Error()
		}
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}
