package seal

import (
	"context"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"millwright/internal/series"
	"millwright/internal/window"
)

// conflicts finds the values that are in no window because another value of
// the same timestamp and sensor is there instead. Values that some stream
// missed are in late/ already.
func (a *accounting) conflicts(ctx context.Context, m *merged) error {
	if err := m.begin(a.parts, false); err != nil {
		return err
	}
	a.repeated = make(map[window.ID]int64)
	lines := make(map[place][]int64)
	for hint, sensor := range sensorsOf(a.parts) {
		if m.shared && m.row == nil {
			return nil
		}
		if err := m.load(sensor, hint); err != nil {
			return err
		}
		if m.row == nil {
			continue
		}
		for i := range m.heads {
			if rows := m.group(i); len(rows) > 1 {
				if err := a.conflict(ctx, m, sensor, rows, lines); err != nil {
					return err
				}
			}
		}
		if err := a.batch.relieve(ctx); err != nil {
			return err
		}
	}
	return nil
}

// conflict settles one timestamp of one sensor. rows are in the order in which
// the path taken first wins.
func (a *accounting) conflict(ctx context.Context, m *merged, sensor string, rows []int32, lines map[place][]int64) error {
	t := m.times[rows[0]]
	winners, kept := make([]int32, 0, 4), int32(-1)
	for i := range a.views {
		v := &a.views[i]
		if w := a.winner(m, rows, v.seq[v.at(t)], v.lane.OnConflict == conflictLast); w >= 0 {
			winners = append(winners, w)
			if kept < 0 {
				kept = w
			}
		}
	}
	for _, r := range rows {
		value := m.raw[r]
		id := m.parts[m.runOf(r).part].Drop
		missed, _ := a.fate(id, t)
		if value != value || slices.Contains(winners, r) || kept < 0 || missed {
			continue
		}
		lost := a.lost[id]
		if value == m.raw[kept] {
			lost.Same++
			a.lost[id] = lost
			continue
		}
		lost.Repeated++
		a.lost[id] = lost
		for i := range a.views {
			v := &a.views[i]
			a.repeated[v.lane.id(v.start[v.at(t)])]++
		}
		l := line{kind: kindRepeat, time: t, sensor: sensor, value: value, kept: m.raw[kept]}
		var err error
		if l.drop, l.line, err = a.origin(ctx, m, r, lines); err != nil {
			return err
		}
		if l.keptDrop, l.keptLine, err = a.origin(ctx, m, kept, lines); err != nil {
			return err
		}
		l.append(a.batch.sealer.appends, a.component.name)
	}
	return nil
}

// winner is the row whose value a stream took, -1 for none.
func (a *accounting) winner(m *merged, rows []int32, seq int64, last bool) int32 {
	best := int32(-1)
	for _, r := range rows {
		b := m.parts[m.runOf(r).part].Block
		if m.raw[r] != m.raw[r] || b.Drop > seq {
			continue
		}
		if best < 0 || priorityOf(b).beats(priorityOf(m.parts[m.runOf(best).part].Block), last) {
			best = r
		}
	}
	return best
}

// origin names the drop and the line of a row.
func (a *accounting) origin(ctx context.Context, m *merged, row int32, lines map[place][]int64) (string, int64, error) {
	r := m.runOf(row)
	at := place{r.part, r.place.section}
	all, ok := lines[at]
	if !ok {
		var err error
		if all, err = m.section(r).Lines(nil); err != nil {
			return "", 0, &readError{m.parts[r.part].Block, err}
		}
		lines[at] = all
	}
	name, err := a.batch.dropName(ctx, m.parts[r.part].Drop)
	return name, all[int(row)-r.from], err
}

// runOf finds the run that a row is of.
func (m *merged) runOf(row int32) run {
	i := sort.Search(len(m.runs), func(i int) bool { return m.runs[i].from > int(row) })
	return m.runs[i-1]
}

// kind says to which of the append-only files a line goes.
type kind int

const (
	kindLate kind = iota
	kindRepeat
)

const (
	lateHeader    = "timestamp,sensor,value,drop,line\n"
	repeatsHeader = "timestamp,sensor,value,drop,line,kept_value,kept_drop,kept_line\n"
)

// line is one value that is not in every window it should be in.
type line struct {
	kind     kind
	time     int64 // Unix ns
	sensor   string
	value    float64
	drop     string
	line     int64
	kept     float64
	keptDrop string
	keptLine int64
}

// append hands the line to the file of its day.
func (l *line) append(to *appendLog, component string) {
	folder, header := "late/", lateHeader
	if l.kind == kindRepeat {
		folder, header = "repeats/", repeatsHeader
	}
	day := time.Unix(0, l.time).UTC().Format("20060102")
	to.line(folder+folderName(component)+"/"+day+".csv", header, l.text)
}

func (l *line) text(b []byte) []byte {
	b = appendStamp(b, l.time)
	b = append(append(b, ','), l.sensor...)
	b = series.AppendFloat(append(b, ','), l.value)
	b = appendText(append(b, ','), l.drop)
	b = strconv.AppendInt(append(b, ','), l.line, 10)
	if l.kind == kindRepeat {
		b = series.AppendFloat(append(b, ','), l.kept)
		b = appendText(append(b, ','), l.keptDrop)
		b = strconv.AppendInt(append(b, ','), l.keptLine, 10)
	}
	return append(b, '\n')
}

// appendStamp adds the three digits beyond microseconds where there are any, so
// that a row can be told from its neighbours.
func appendStamp(b []byte, ns int64) []byte {
	b = series.AppendStamp(b, ns)
	if rest := ns % 1000; rest != 0 {
		if rest < 0 {
			rest += 1000
		}
		b = append(b, byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	}
	return b
}

// appendText quotes what would break a line, and keeps text text when a
// spreadsheet opens the file: names of drops are somebody else's.
func appendText(b []byte, s string) []byte {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		s = "'" + s
	}
	if !strings.ContainsAny(s, ",\"\r\n") {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

// folderName keeps a component named "." or ".." from leading out of its folder.
func folderName(component string) string {
	if strings.Trim(component, ".") == "" {
		return "_" + component
	}
	return component
}
