package oracle

import (
	"bytes"
	"maps"
	"slices"
	"testing"
)

// TestArchiveAgreesWithALife holds the two ways of getting at a window against each
// other: what came in time gives the objects that it gives at rest.
func TestArchiveAgreesWithALife(t *testing.T) {
	t.Parallel()
	for _, labelStart := range []bool{false, true} {
		s := pump()
		s.LabelStart = labelStart
		drops := []Drop{
			{Path: "a", Component: "pump", At: at("10:05:00"), Content: csvOf("T10:00:00Z,1", "T10:03:30Z,7", "T10:02:00Z,", "T10:03:30Z,8")},
			{Path: "b", Component: "pump", At: at("10:06:30"), Content: csvOf("T10:05:00Z,2", "T10:05:00.5Z,3", "T10:10:00Z,4")},
			{Path: "c", Component: "pump", At: at("10:31:00"), Content: csvOf("T10:30:30Z,5", "T10:31:00Z,")},
		}
		a, err := s.Archive("pump", drops)
		if err != nil {
			t.Fatal(err)
		}
		got := a.Windows()
		want, err := s.Expect(drops, Life{First: at("10:00:00"), End: at("11:00:00")})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) < 3 || a.Rows() != 6 {
			t.Errorf("label start %v: %d rows, windows %v", labelStart, a.Rows(), slices.Sorted(maps.Keys(got)))
		}
		for key, text := range got {
			if !bytes.Equal(text, want.Objects[key]) {
				t.Errorf("%s: at rest\n%sin time\n%s", key, text, want.Objects[key])
			}
		}
	}
}

func TestTraining(t *testing.T) {
	t.Parallel()
	s := pump()
	drops := []Drop{{Path: "a", Component: "pump", Content: []byte(
		"Timestamp,flow\n2026-01-31T23:59:00.5Z,2\n2026-01-31T23:58:30Z,1\n2026-02-01T00:00:00.1Z,3\n2026-02-01T00:10:00Z,-0\n")}}
	a, err := s.Archive("pump", drops)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"t/pump/pump_202601.csv": "Timestamp,flow\n2026-01-31T23:59:00,1\n",
		"t/pump/pump_202602.csv": "Timestamp,flow\n2026-02-01T00:00:00,2\n2026-02-01T00:01:00,3\n" +
			"2026-02-01T00:02:00,3\n2026-02-01T00:03:00,3\n2026-02-01T00:10:00,0\n",
	}
	got := a.Training("t/")
	for key, text := range want {
		if string(got[key]) != text {
			t.Errorf("%s: got\n%swant\n%s", key, got[key], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", slices.Sorted(maps.Keys(got)))
	}
}
