//go:build !agent

package demo

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"millwright/internal/event"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// tale is what people read: lines of at most 80 characters that are only ever
// appended to, so that a file can have them as well as a terminal.
type tale struct {
	out     io.Writer
	started time.Time
	blocks  bool
	open    bool // there is a line of cells
}

const perLine = 12 // cells: six hours

func (t *tale) printf(format string, args ...any) {
	if t.open {
		t.open = false
		fmt.Fprintln(t.out)
	}
	fmt.Fprintf(t.out, format, args...)
}

func (t *tale) begin(dir string) {
	t.printf("A pump, a gateway and an inference service, in one process.\nAll that they make is in %s\n\n", dir)
}

// tell writes a line with the real time that has gone by.
func (t *tale) tell(what, format string, args ...any) {
	t.printf("%4.0f s  %-10s %s\n", time.Since(t.started).Seconds(), what, fmt.Sprintf(format, args...))
}

// live begins the cells.
func (t *tale) live(speed float64) {
	t.printf("\nFrom here an hour of the plant's takes %s, longer on a busy machine. A cell is\n"+
		"half an hour's highest score, %c to %c, anomalous from %c on; o: it is off.\n\n",
		time.Duration(float64(time.Hour)/speed).Round(100*time.Millisecond), t.sparks()[0], t.sparks()[7], t.sparks()[4])
}

func (t *tale) sparks() []rune {
	if t.blocks {
		return []rune("▁▂▃▄▅▆▇█")
	}
	return []rune("_.-:=+*#")
}

// cell draws what became of a window.
func (t *tale) cell(o window.Outcome) {
	at := time.Unix(0, o.Start).UTC()
	if !t.open || at.Truncate(perLine*frequency).Equal(at) {
		t.printf("        %s  ", at.Format(stamp))
		t.open = true
	}
	fmt.Fprint(t.out, string(t.mark(o)))
}

func (t *tale) mark(o window.Outcome) rune {
	switch {
	case o.Scoring != window.Delivered:
		return '?'
	case math.IsNaN(o.Peak):
		return 'o'
	}
	return t.sparks()[max(0, min(7, int(math.Ceil(o.Peak*8))-1))]
}

func (t *tale) mistaken(e event.Event) {
	t.tell("false", "an alarm at %s, and nothing is wrong yet", time.Unix(0, e.Start).UTC().Format(stamp))
}

const stamp = "Mon 01-02 15:04"

// found tells of the anomaly as soon as it is known.
func (t *tale) found(s *stage, f *Finding) {
	t.printf("\n")
	t.tell("ANOMALY", "found at %s, %.1f hours before the bearing fails", f.Found.Format(stamp), f.Lead)
	for _, share := range f.Sensors[:min(3, len(f.Sensors))] {
		t.printf("        %-10s %s\n", "", t.bar(share))
	}
	t.printf("        %-10s look: %s\n\n", "", s.page)
}

// bar draws a sensor's share.
func (t *tale) bar(share resultline.Share) string {
	full := "#"
	if t.blocks {
		full = "█"
	}
	return fmt.Sprintf("%-28s %3.0f %% %s", share.Name, 100*share.Value, strings.Repeat(full, int(math.Round(20*share.Value))))
}

// end sums up.
func (t *tale) end(s *stage, f *Finding) {
	t.printf("\n")
	t.tell("done", "this is what the agent was told")
	line := func(what, format string, args ...any) {
		t.printf("  %-13s %s\n", what, fmt.Sprintf(format, args...))
	}
	t.printf("\n")
	line("wear", "from %s on; the bearing fails at %s", f.Wears.Format(stamp), f.Fails.Format(stamp))
	line("found", "%s, %.1f h before the failure, %.0f s after the start", f.Found.Format(stamp), f.Lead, f.Took)
	line("since", "%s, peak %.3f; the service lists the same event", f.FirstRow.Format(stamp), f.Peak)
	for i, share := range f.Sensors[:min(3, len(f.Sensors))] {
		what := ""
		if i == 0 {
			what = "to blame"
		}
		line(what, "%s", t.bar(share))
	}
	line("false alarms", "%d in the %.0f hours before", f.FalseAlarms, f.Wears.Sub(s.live).Hours())
	line("windows", "%d scored, %d without result", f.Windows, f.WithoutResult)
	line("files", "%s", f.Dir)
	t.printf("\nTo look closer:\n  millwright results --config %s --since %s\n", f.Config, s.live.Format(time.RFC3339))
}

func (t *tale) stay(page string) {
	t.printf("\nIt goes on until Ctrl-C: %s\n", page)
}
