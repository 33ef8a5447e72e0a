package main

import (
	"bytes"
	"strings"
	"testing"

	"millwright/agent/status/example"
)

func TestStatusShowsWindowsByLetters(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	printSnapshot(&b, example.Snapshot())
	for _, line := range []string{
		"--------++++++++++++++++++++++0++++++++++++xxxur",
		"x 3 run failed",
		"++++++++++++++++??++++++++o++++++++++++++++++usr",
		"latest event: 06:55 to 08:30 (over)",
		`gearbox-2\bearing_temperature_drive_end 31 %`,
		"1 with late rows",
		"disk: ",
	} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("not there: %s\n%s", line, b.String())
		}
	}
}
