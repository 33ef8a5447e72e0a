package series

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLongLayout(t *testing.T) {
	t.Parallel()
	want := []string{"0: p=1.5", "0: q=2", "1: p=-3.25", "1: q=."}
	for name, c := range map[string]struct {
		text string
		o    Options
	}{
		"plain":           {text: "time,tag,value\n2026-01-02 00:00:00,p,1.5\n2026-01-02 00:00:00,q,2\n2026-01-02 00:00:01,p,-3.25\n2026-01-02 00:00:01,q,\n"},
		"quality":         {text: "time,tag,value,quality\n2026-01-02 00:00:00,p,1.5,Good\n2026-01-02 00:00:00,q,2,192\n2026-01-02 00:00:01,p,-3.25,\n2026-01-02 00:00:01,q,7,Bad\n"},
		"quality pinned":  {text: "time,tag,value,quality\n2026-01-02 00:00:00,p,1.5,ok\n2026-01-02 00:00:00,q,2,OK\n2026-01-02 00:00:01,p,-3.25,ok\n2026-01-02 00:00:01,q,7,Good\n", o: Options{GoodQuality: []string{"OK"}}},
		"no header":       {text: "2026-01-02 00:00:00,p,1.5,Good\n2026-01-02 00:00:00,q,2,Good\n2026-01-02 00:00:01,p,-3.25,Good\n2026-01-02 00:00:01,q,7,Bad\n"},
		"tag first":       {text: "[Data]\nTagname,TimeStamp,Value,DataQuality\np,2026-01-02 00:00:00,1.5,Good\nq,2026-01-02 00:00:00,2,Good\np,2026-01-02 00:00:01,-3.25,Good\nq,2026-01-02 00:00:01,7,Bad\n"},
		"decimal comma":   {text: "Zeit;Name;Wert\n2026-01-02 00:00:00;p;1,5\n2026-01-02 00:00:00;q;2\n2026-01-02 00:00:01;p;-3,25\n2026-01-02 00:00:01;q;Bad\n"},
		"type column":     {text: "ts;path;value;type\n2026-01-02 00:00:00;p;1.5;REAL\n2026-01-02 00:00:00;q;2;INT\n2026-01-02 00:00:01;p;-3.25;REAL\n2026-01-02 00:00:01;q;;INT\n"},
		"words as values": {text: "time,tag,value\n2026-01-02 00:00:00,p,1.5\n2026-01-02 00:00:00,q,2\n2026-01-02 00:00:01,p,-3.25\n2026-01-02 00:00:01,q,No Data\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.o.Layout = Long
			r, names, rows := readRows(t, c.text, c.o)
			if !slices.Equal(rows, want) || !slices.Equal(names, []string{"p", "q"}) {
				t.Errorf("%q %q\n%s\n%+v", names, rows, r.Dialect(), r.Report())
			}
			if rep := r.Report(); rep.Values != 3 || rep.Used != 4 || len(rep.Faults) > 0 {
				t.Errorf("%+v", rep)
			}
		})
	}
}

func TestLongFaults(t *testing.T) {
	t.Parallel()
	text := "time,tag,value\n2026-01-02 00:00:00,p,1\n2026-01-02 00:00:00,,2\n2026-01-02 00:00:00,q,abc\nnever,q,2\n2026-01-02 00:00:01,q\n"
	r, _, rows := readRows(t, text, Options{Layout: Long})
	if want := []string{"0: p=1", "0: q=.", "1: q=."}; !slices.Equal(rows, want) {
		t.Errorf("%q", rows)
	}
	rep := r.Report()
	if rep.Bad[BadRow] != 1 || rep.Bad[BadCell] != 1 || rep.Bad[BadStamp] != 1 || rep.Faults[1].Column != "q" {
		t.Errorf("%+v", rep)
	}
}

func TestLongIsSeen(t *testing.T) {
	t.Parallel()
	text := "time,tag,value\n2026-01-02 00:00:00,p,1\n2026-01-02 00:00:00,q,2\n"
	if d := sniffOf(t, text, Options{}); d.Layout != Wide || len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "csv.layout") {
		t.Errorf("%+v", d)
	}
	if d := sniffOf(t, text, Options{Layout: Auto}); d.Layout != Long || d.Tag != 1 || d.Value != 2 || d.Quality != -1 {
		t.Errorf("%+v", d)
	}
}

func TestTooManyTags(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("time,tag,value\n")
	for i := range 50 {
		fmt.Fprintf(&b, "2026-01-02 00:00:00,t%d,1\n", i)
	}
	r, names, _ := readRows(t, b.String(), Options{Layout: Long, MaxColumns: 40})
	if rep := r.Report(); len(names) != 40 || rep.Bad[BadRow] != 10 || !strings.Contains(rep.Faults[0].Reason, "limits.columns") {
		t.Errorf("%d names, %+v", len(names), rep)
	}
}
