package files

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestFilesAreFoundInAnyCaseAndWhatIsSkippedIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{
		"PUMP.CSV", "fan.Csv.GZ", "motor/2026/01/x.csv", "motor/y.CSV", "deep/gear/2026-01/x.csv", "7/a.csv", "12/31/a.csv",
		"notes.txt", "motor/old.zip", ".hidden",
	} {
		write(t, dir, name, "Timestamp,flow\n")
	}
	list, skipped, err := Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range list {
		in, err := filepath.Rel(dir, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.ToSlash(in)] = f.Component
	}
	want := map[string]string{
		"PUMP.CSV": "PUMP", "fan.Csv.GZ": "fan", "motor/2026/01/x.csv": "motor", "motor/y.CSV": "motor",
		"deep/gear/2026-01/x.csv": "gear", "7/a.csv": "7", "12/31/a.csv": "31",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(skipped) != 2 || !strings.HasSuffix(skipped[0], "old.zip") || !strings.HasSuffix(skipped[1], "notes.txt") {
		t.Errorf("skipped %v", skipped)
	}
	if list, _, err = Find([]string{filepath.Join(dir, "PUMP.CSV")}); err != nil || list[0].Component != "PUMP" {
		t.Errorf("%v, %v", list, err)
	}
	list, _, err = Find([]string{filepath.Join(dir, "motor", "2026"), filepath.Join(dir, "deep", "gear")})
	if err != nil || list[0].Component+list[1].Component != "gear01" {
		t.Errorf("%v, %v", list, err)
	}
	write(t, dir, "only/text.txt", "")
	if _, _, err := Find([]string{filepath.Join(dir, "only")}); err == nil || !strings.Contains(err.Error(), "text.txt") {
		t.Error(err)
	}
}
