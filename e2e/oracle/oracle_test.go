package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func at(text string) time.Time {
	t, err := time.Parse("15:04:05", text)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 1, 5, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func pump() Scheduler {
	return Scheduler{
		Components: []string{"pump"}, Prefix: "in/", Delimiter: "_",
		Frequency: 5 * time.Minute, Delay: 2 * time.Minute, Margin: 30 * time.Second, Rate: time.Minute,
		Default: Treatment{MaxGap: 3 * time.Minute},
	}
}

func csvOf(rows ...string) []byte {
	return []byte("Timestamp,flow\n" + strings.ReplaceAll(strings.Join(rows, "\n"), "T", "2026-01-05T") + "\n")
}

// want is written by hand from the rulings; nothing computes it.
func TestExpect(t *testing.T) {
	t.Parallel()
	life := Life{First: at("10:00:00"), End: at("11:00:00")}
	tests := []struct {
		name  string
		s     func(*Scheduler)
		drops []Drop
		life  Life
		want  map[string]string
		late  int
	}{
		{
			name: "bins end at their label, the row at the window's start belongs to the one before",
			drops: []Drop{{Path: "a", Component: "pump", At: at("10:10:10"), Content: csvOf(
				"T10:05:00Z,1", "T10:05:01Z,2", "T10:06:00Z,4", "T10:06:30Z,5", "T10:10:00Z,6")}},
			want: map[string]string{
				"in/pump_20260105100000.csv": "10:01, 10:02, 10:03, 10:04, 10:05,1",
				"in/pump_20260105100500.csv": "10:06,3 10:07,5 10:08,5 10:09,5 10:10,6",
				"in/pump_20260105101000.csv": "10:11,6 10:12,6 10:13,6 10:14, 10:15,",
			},
		},
		{
			name: "label start",
			s:    func(s *Scheduler) { s.LabelStart, s.Default.MaxGap = true, time.Minute },
			drops: []Drop{{Path: "a", Component: "pump", At: at("10:10:10"), Content: csvOf(
				"T10:05:00Z,1", "T10:05:59Z,2", "T10:06:00Z,4", "T10:10:00Z,6")}},
			want: map[string]string{
				"in/pump_20260105100500.csv": "10:05,1.5 10:06,4 10:07, 10:08, 10:09,",
				"in/pump_20260105101000.csv": "10:10,6 10:11, 10:12, 10:13, 10:14,",
			},
		},
		{
			name: "across paths the first keeps its value, a corrected path supersedes itself",
			drops: []Drop{
				{Path: "a", Component: "pump", At: at("10:06:00"), Content: csvOf("T10:05:30Z,1", "T10:05:30Z,7")},
				{Path: "b", Component: "pump", At: at("10:07:00"), Content: csvOf("T10:05:30Z,2", "T10:06:30Z,2")},
				{Path: "a", Component: "pump", At: at("10:08:00"), Content: csvOf("T10:05:30Z,3")},
			},
			want: map[string]string{
				"in/pump_20260105100500.csv": "10:06,3 10:07,2 10:08,2 10:09,2 10:10,",
			},
		},
		{
			name: "what comes after the cut-off is late",
			drops: []Drop{
				{Path: "a", Component: "pump", At: at("10:10:00"), Content: csvOf("T10:05:30Z,1")},
				{Path: "b", Component: "pump", At: at("10:11:54"), Content: csvOf("T10:06:30Z,2")},
				{Path: "c", Component: "pump", At: at("10:11:56"), Content: csvOf("T10:07:30Z,3")},
			},
			want: map[string]string{
				"in/pump_20260105100500.csv": "10:06,1 10:07,2 10:08,2 10:09,2 10:10,",
				"in/pump_20260105101000.csv": "",
			},
			late: 1,
		},
		{
			name: "a window that was never sealed waits until it is quiet",
			life: Life{First: at("10:00:00"), End: at("11:00:00"), Down: []Span{{at("10:01:00"), at("10:30:00")}}},
			drops: []Drop{
				{Path: "a", Component: "pump", At: at("10:10:00"), Content: csvOf("T10:05:30Z,1")},
				{Path: "b", Component: "pump", At: at("10:33:00"), Content: csvOf("T10:06:30Z,2")},
				{Path: "c", Component: "pump", At: at("10:39:00"), Content: csvOf("T10:07:30Z,3")},
			},
			want: map[string]string{"in/pump_20260105100500.csv": "10:06,1 10:07,2 10:08,2 10:09,2 10:10,"},
			late: 1,
		},
		{
			name: "rows of before the first start less a period are not taken",
			drops: []Drop{{Path: "a", Component: "pump", At: at("10:01:00"), Content: csvOf(
				"T09:55:00Z,1", "T09:55:01Z,2")}},
			want: map[string]string{"in/pump_20260105095500.csv": "09:56,2 09:57,2 09:58,2 09:59, 10:00,"},
		},
		{
			name: "names with an offset, sums are not held",
			s: func(s *Scheduler) {
				s.Offset, s.Format, s.Delimiter, s.Default.Aggregate = 330*time.Minute, "yyyy-MM-dd-HH-mm-ss", "-", "sum"
			},
			drops: []Drop{{Path: "a", Component: "pump", At: at("10:10:00"), Content: csvOf(
				"T10:05:30Z,0.1", "T10:05:40Z,0.2")}},
			want: map[string]string{"in/pump-2026-01-05-15-35-00.csv": "10:06,0.30000000000000004 10:07, 10:08, 10:09, 10:10,"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := pump()
			if tt.s != nil {
				tt.s(&s)
			}
			if tt.life.End.IsZero() {
				tt.life = life
			}
			got, err := s.Expect(tt.drops, tt.life)
			if err != nil {
				t.Fatal(err)
			}
			for key, short := range tt.want {
				if short == "" {
					continue
				}
				if text := string(got.Objects[key]); text != long(short) {
					t.Errorf("%s: got\n%swant\n%s", key, text, long(short))
				}
			}
			for _, key := range slices.Sorted(maps.Keys(got.Objects)) {
				if _, ok := tt.want[key]; !ok {
					t.Errorf("also got %s:\n%s", key, got.Objects[key])
				}
			}
			if len(got.Late) != tt.late {
				t.Errorf("late: %v", got.Late)
			}
		})
	}
}

func long(short string) string {
	text := "Timestamp,flow\n"
	for _, cell := range strings.Fields(short) {
		label, v, _ := strings.Cut(cell, ",")
		text += fmt.Sprintf("2026-01-05T%s:00.000000,%s\n", label, v)
	}
	return text
}
