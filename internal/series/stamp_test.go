package series

import (
	"strings"
	"testing"
	"time"
)

// stampExamples has one instant in each of the service's forms.
func stampExamples() map[string]string {
	at := time.Date(2026, 3, 4, 15, 6, 0, 0, time.UTC)
	out := map[string]string{}
	for _, form := range serviceForms() {
		layout := strings.NewReplacer("yyyy", "2006", "MM", "01", "dd", "02", "HH", "15", "mm", "04", "ss", "05", "'T'", "T").Replace(form)
		out[form] = at.Format(layout)
	}
	return out
}

func TestServiceForms(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 3, 4, 15, 6, 0, 0, time.UTC).UnixNano()
	if n := len(serviceForms()); n != 21 {
		t.Fatalf("%d forms, the service has 21", n)
	}
	for form, text := range stampExamples() {
		for _, strict := range []bool{true, false} {
			s, err := newStamper(form, strict, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.read([]byte(text)); got.state != stampOK || got.ns != want {
				t.Errorf("%s (strict %v): %q is %v", form, strict, text, got)
			}
		}
		for other, text2 := range stampExamples() {
			s, _ := newStamper(form, true, 0, nil)
			if got := s.read([]byte(text2)); other != form && got.state == stampOK {
				t.Errorf("strictly %s reads %q, which is %s", form, text2, other)
			}
		}
		d := sniffOf(t, "time,a\n"+text+",1\n", Options{})
		if d.Format != form {
			t.Errorf("%q is found to be %s, want %s", text, d.Format, form)
		}
	}
}

func TestStampForms(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 3, 4, 15, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		form, text string
		want       time.Time
	}{
		{"iso", "2026-03-04T15:06:07Z", base},
		{"iso", "2026-03-04T15:06:07.5Z", base.Add(500 * time.Millisecond)},
		{"iso", "2026-03-04 15:06:07.123456789", base.Add(123456789)},
		{"iso", "2026-03-04T15:06:07,25", base.Add(250 * time.Millisecond)},
		{"iso", "2026-03-04T17:06:07+02:00", base},
		{"iso", "2026-03-04T17:06:07.000+0200", base},
		{"iso", "2026-03-04T10:06:07-05", base},
		{"iso", "2026-03-04 15:06:07 UTC", base},
		{"iso", "2026-03-04 17:06:07 +0200", base},
		{"iso", "20260304T150607Z", base},
		{"iso", "20260304150607.75", base.Add(750 * time.Millisecond)},
		{"iso", "2026-03-04T17:06+02:00", base.Add(-7 * time.Second)},
		{"iso", "2026/3/4 15:06:07", base},
		{"iso", "2026-03-03T24:00:00", time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)},
		{"epoch", "1772636767", base},
		{"epoch", "1772636767.25", base.Add(250 * time.Millisecond)},
		{"epoch", "1772636767,123456789", base.Add(123456789)},
		{"epoch_ms", "1772636767000", base},
		{"epoch_ms", "1772636767000.5", base.Add(500 * time.Microsecond)},
		{"epoch_us", "1772636767000001", base.Add(time.Microsecond)},
		{"epoch_ns", "1772636767000000001", base.Add(1)},
		{"M/d/yyyy H:mm:ss", "3/4/2026 15:06:07", base},
		{"M/d/yyyy h:mm:ss a", "3/4/2026 3:06:07 PM", base},
		{"M/d/yy H:mm", "3/4/26 15:06", base.Add(-7 * time.Second)},
		{"dd.MM.yyyy HH:mm:ss,SSS", "04.03.2026 15:06:07,500", base.Add(500 * time.Millisecond)},
		{"dd-MMM-yyyy HH:mm:ss", "04-Mar-2026 15:06:07", base},
		{"dd.MM.yyyy HH:mm:ss X", "04.03.2026 16:06:07 +01:00", base},
		{"yyyy-MM-dd", "2026-03-04", time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)},
		{"d/M/yyyy h:mm a", "4/3/2026 12:06 AM", time.Date(2026, 3, 4, 0, 6, 0, 0, time.UTC)},
	} {
		s, err := newStamper(c.form, true, 0, nil)
		if err != nil {
			t.Errorf("%s: %v", c.form, err)
			continue
		}
		got := s.read([]byte(c.text))
		if got.state != stampOK || got.ns != c.want.UnixNano() {
			t.Errorf("%s: %q is %v (%v), want %v", c.form, c.text, time.Unix(0, got.ns).UTC(), got.state, c.want)
		}
	}
}

func TestNoStamps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ form, text string }{
		{"iso", ""},
		{"iso", "2026"},
		{"iso", "2026-03-04"},
		{"iso", "20260304"},
		{"iso", "2026-13-04 00:00"},
		{"iso", "2026-02-29 00:00"},
		{"iso", "2026-03-04 25:00"},
		{"iso", "2026-03-04 24:01"},
		{"iso", "2026-03-04 10:60"},
		{"iso", "2026-03-04 10:00:60"},
		{"iso", "2026-03-04 10:00:00."},
		{"iso", "2026-03-04 10:00:00.1234567890"},
		{"iso", "2026-03-04 10:00:00+99:00"},
		{"iso", "2026-03-04 10:00:00 CET"},
		{"iso", "2026-03/04 10:00"},
		{"iso", "3/4/2026 10:00"},
		{"iso", "2026-03-04 10:00:0"},
		{"iso", "2026-03-04 10"},
		{"iso", "0000-03-04 10:00"},
		{"iso", "9999-03-04 10:00"},
		{"iso", "2026-03-04 24:00:00.5"},
		{"epoch", ""},
		{"epoch", "-"},
		{"epoch", "12a"},
		{"epoch", "1."},
		{"epoch", "99999999999999999999"},
		{"epoch_ns", "9223372036854775808"},
		{"yyyy-MM-dd HH:mm:ss", "2026-03-04 10:00:00.5"},
		{"yyyy-MM-dd HH:mm:ss", "2026-03-04T10:00:00"},
		{"M/d/yyyy", "13/4/2026"},
	} {
		s, err := newStamper(c.form, true, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.read([]byte(c.text)); got.state == stampOK {
			t.Errorf("%s: %q is taken for %v", c.form, c.text, time.Unix(0, got.ns).UTC())
		}
	}
}

func TestBadPatterns(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"", "yyyy", "HH:mm", "yyyy-MM-dd hh:mm", "yyyy-MM-dd HH:mm a", "yyyy-MM-dd Q", "yyyy-MM-dd 'T", "yyyy-yyyy-MM-dd HH", "yyyy-MM-dd mm"} {
		if _, err := compilePattern(p); err == nil {
			t.Errorf("pattern %q is accepted", p)
		} else if !strings.Contains(err.Error(), "csv.timestamp_format") {
			t.Errorf("pattern %q: %v names no key", p, err)
		}
	}
}

// The fast path never reads a stamp otherwise than the general one.
func FuzzStamp(f *testing.F) {
	for _, text := range stampExamples() {
		f.Add(text, text)
	}
	f.Add("2026-10-25 02:30:00.5", "2026-10-25 02:30:59")
	f.Add("2026-03-29T01:59:59+01:00", "2026-03-29T01:59:00+02:00")
	f.Add("20260304235959", "20260304240000")
	f.Add("1772636767.25", "1772636768")
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		if strings.ContainsAny(first+second, ";\n") {
			return
		}
		for _, form := range []string{"iso", "epoch", "yyyy-MM-dd HH:mm:ss", "dd.MM.yyyy HH:mm:ss.SSS", "M/d/yyyy h:mm:ss a", "yyyyMMddHHmmss"} {
			s, err := newStamper(form, true, 0, berlin)
			if err != nil {
				t.Fatal(err)
			}
			s.readRow([]byte(first))
			padded := append([]byte(second+";"), make([]byte, bufferPad)...)
			ns, end := s.fast.next(padded, 0, ';')
			if end < 0 {
				continue
			}
			want := s.read([]byte(second))
			if end != len(second) || want.state != stampOK || want.ns != ns {
				t.Fatalf("%s after %q: the fast path reads %q as %d (end %d), the general one as %+v", form, first, second, ns, end, want)
			}
		}
	})
}

func BenchmarkStamp(b *testing.B) {
	s, err := newStamper("iso", false, 0, nil)
	if err != nil {
		b.Fatal(err)
	}
	text := append([]byte("2026-03-04T15:06:07.250,1.5\n"), make([]byte, bufferPad)...)
	b.Run("general", func(b *testing.B) {
		for b.Loop() {
			s.read(text[:23])
		}
	})
	s.readRow(text[:23])
	b.Run("fast", func(b *testing.B) {
		for b.Loop() {
			if _, end := s.fast.next(text, 0, ','); end < 0 {
				b.Fatal("not taken")
			}
		}
	})
}
