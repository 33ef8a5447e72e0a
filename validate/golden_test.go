package validate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGoodFilesGolden(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.file("pump-7/a.csv", rows(monday(0, 0), 60))
	s.file("pump-7/b.csv", rows(monday(1, 0), 60))
	held(t, "good", s.run(Options{}))
}

func TestBadFilesGolden(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.file("pump-7/faults.csv", `time;Strömung;Ventil;Bemerkung
2026-01-05 00:01:00;1,5;0;ok
2026-01-05 00:02:00;abc;1;ok
2026-13-05 00:03:00;1,7;1;ok
2026-01-05 00:04:00;Bad;1;ok
2026-01-05 00:04:00;;1;ok
2026-01-05 00:03:00;1,9;0;ok
2026-01-05 00:06:00;2,0;0;ok;7
`)
	s.file("pump-7/clash.csv", "Time,a b,a/b,c\n2026-01-05 00:01:00,1,2,3\n")
	s.file("pump-7/hopeless.csv", "Time,a\nnever,1\nsoon,2\n")
	s.file("pump-7/empty.csv", "")
	s.file("pump-7/binary.csv", "\x00\x01\x02\x03\xff\xfe\x00\x00")
	s.file("pump-7/.hidden.csv", "Time,a\n")
	s.file("pump-7/notes.txt", "not a drop")
	s.file("pump-7/\x1b[31mred.csv", rows(monday(2, 0), 5))
	held(t, "bad", s.run(Options{}))
}

func TestHourlyFilesGolden(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for h, name := range []string{"a", "b", "c", "d", "e", "f"} {
		s.file("pump-7/"+name+".csv", rows(monday(h, 0), 60))
	}
	cfg := s.config("    csv: {rename: {speed: Drehzahl}}", `    data_upload_frequency: PT5M
    data_delay_offset_in_minutes: 2
    schema: {pump-7: [Flow_1, Drehzahl, pressure]}`)
	held(t, "hourly", s.run(Options{Config: cfg}))
}

func TestSeveralComponentsGolden(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.file("all.csv", strings.NewReplacer("Flow 1", "pump.flow", "speed", "fan.speed").Replace(rows(monday(0, 0), 15)))
	s.file("pump.csv", strings.NewReplacer("Flow 1", "pump.flow", ",speed", "").Replace("Time,speed\n"))
	s.file("more.csv", "Time,pump.flow,other\n2026-01-05 00:16:00,4,5\n2026-01-05 00:17:00,4,5\n")
	cfg := s.config(`    component: '^(?P<component>[a-z]+)\.(?P<sensor>.+)$'`, `    data_upload_frequency: PT5M
    data_delay_offset_in_minutes: 15
    components: [pump, fan]`)
	held(t, "several", s.run(Options{Config: cfg}))
}

func TestLongLayoutGolden(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.file("pump-7/long.csv", `Timestamp,Tag,Value,Quality
2026-01-05T00:01:00Z,flow,1.5,Good
2026-01-05T00:01:00Z,speed,900,Good
2026-01-05T00:02:00Z,flow,1.6,Bad
2026-01-05T00:02:00Z,speed,x,Good
2026-01-05T00:03:00Z,flow,1.7,Good
`)
	held(t, "long", s.run(Options{}))
}

func TestSummerTimeAdvisesUTC(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.file("pump-7/dst.csv", "Time,a\n2026-03-29 01:55:00,1\n2026-03-29 02:30:00,2\n2026-03-29 03:05:00,3\n")
	cfg := s.config("    csv: {time_zone: Europe/Berlin}", "    data_upload_frequency: PT5M")
	f := s.run(Options{Config: cfg}).Files[0]
	if f.FaultCount != 1 || len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "in UTC") {
		t.Errorf("%d faults, notes %q", f.FaultCount, f.Notes)
	}
}

func TestLinksAndMissingPaths(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	outside := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(outside, []byte(rows(monday(0, 0), 5)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(s.dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	if r := s.run(Options{}); len(r.Files) != 0 || r.Clean {
		t.Errorf("a link was followed: %+v", r.Files)
	}
	r, err := Run(t.Context(), Options{}, []string{filepath.Join(s.dir, "link.csv")})
	if err != nil || !r.Clean || len(r.Files) != 1 {
		t.Errorf("a link that a person names is not read: %+v %v", r, err)
	}
	if _, err := Run(t.Context(), Options{}, []string{filepath.Join(s.dir, "none")}); err == nil {
		t.Error("a path that is not there is no error")
	}
}
