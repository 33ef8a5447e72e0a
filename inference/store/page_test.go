package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/inference/store"
)

// paged is one list over rows that are there: read gives the names of a page.
type paged struct {
	want  []string // all, in the order they are promised in
	read  func(p store.Page) ([]string, string, error)
	other func(p store.Page) error // the same list with another filter
}

func names[T any](rows []T, next string, err error, name func(T) string) ([]string, string, error) {
	var all []string
	for _, r := range rows {
		all = append(all, name(r))
	}
	return all, next, err
}

// lists fills a store with 9 rows of everything and gives all lists of it.
func lists(s *suite) map[string]paged {
	ctx := s.t.Context()
	const n = 9
	var down, up []string
	for i := range n {
		down, up = append(down, fmt.Sprint("x", n-1-i)), append(up, fmt.Sprint("x", i))
	}
	stamp := func(t time.Time) string { return fmt.Sprint("x", t.Unix()) }
	d0 := s.dataset("base")
	var m0 store.Model
	group := s.group("base", "code")
	for i := range n {
		name := fmt.Sprint("x", i)
		d := s.dataset(name)
		m := s.trained(d, name)
		if i == 0 {
			m0 = m
		} else {
			s.version(m0, func(v *store.ModelVersion) { v.Source = store.SourceRetraining })
		}
		s.scheduler(m, name)
		s.retraining(m)
		s.group(name)
		s.do(func(ctx context.Context, t *store.Tx) error {
			j := s.newIngestion(d)
			j.RoleARN = name
			if err := t.CreateIngestion(ctx, j); err != nil {
				return err
			}
			at := time.Unix(int64(i), 0).UTC()
			if err := t.ReplaceEvents(ctx, "w", at, at.Add(1), []store.Event{{StartTime: at, EndTime: at}}); err != nil {
				return err
			}
			if err := t.CreateExecution(ctx, s.newExecution(store.Scheduler{ID: "w"}, at)); err != nil {
				return err
			}
			return t.CreateLabel(ctx, store.Label{ID: store.NewID(), GroupID: group.ID, StartTime: at, EndTime: at, FaultCode: "code", Equipment: "e", CreatedAt: s.now})
		})
	}
	var stats []store.SensorStatistics
	for _, name := range up {
		stats = append(stats, store.SensorStatistics{SensorName: name})
	}
	s.do(func(ctx context.Context, t *store.Tx) error { return t.PutSensorStatistics(ctx, "job", stats) })
	return map[string]paged{
		"datasets": {down, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.Datasets(ctx, account, store.DatasetFilter{NameBeginsWith: "x"}, p)
			return names(rows, next, err, func(d store.Dataset) string { return d.Name })
		}, func(p store.Page) error {
			_, _, err := s.Datasets(ctx, account, store.DatasetFilter{NameBeginsWith: "X"}, p)
			return err
		}},
		"ingestions": {down, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.Ingestions(ctx, account, store.IngestionFilter{Status: store.IngestionRunning}, p)
			return names(rows, next, err, func(j store.Ingestion) string { return j.RoleARN })
		}, func(p store.Page) error {
			_, _, err := s.Ingestions(ctx, account, store.IngestionFilter{DatasetName: "x1", Status: store.IngestionRunning}, p)
			return err
		}},
		"groups": {down, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.LabelGroups(ctx, account, store.LabelGroupFilter{NameBeginsWith: "x"}, p)
			return names(rows, next, err, func(g store.LabelGroup) string { return g.Name })
		}, func(p store.Page) error {
			_, _, err := s.LabelGroups(ctx, "111111111111", store.LabelGroupFilter{NameBeginsWith: "x"}, p)
			return err
		}},
		"labels": {down, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.Labels(ctx, group.ID, store.LabelFilter{From: time.Unix(0, 0), FaultCode: "code", Equipment: "e"}, p)
			return names(rows, next, err, func(l store.Label) string { return stamp(l.StartTime) })
		}, func(p store.Page) error {
			_, _, err := s.Labels(ctx, group.ID, store.LabelFilter{To: time.Unix(0, 0), FaultCode: "code", Equipment: "e"}, p)
			return err
		}},
		"models": {down, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.Models(ctx, account, store.ModelFilter{NameBeginsWith: "x", DatasetNameBeginsWith: "x", Status: store.ModelSuccess}, p)
			return names(rows, next, err, func(m store.ModelSummary) string { return m.Name })
		}, func(p store.Page) error {
			_, _, err := s.Models(ctx, account, store.ModelFilter{NameBeginsWith: "x"}, p)
			return err
		}},
		"versions": {[]string{"9", "8", "7", "6", "5", "4", "3", "2"}, func(p store.Page) ([]string, string, error) {
			f := store.VersionFilter{Source: store.SourceRetraining, Status: store.VersionTraining, CreatedFrom: d0.CreatedAt, CreatedTo: s.now, MinVersion: 1, MaxVersion: 9}
			rows, next, err := s.ModelVersions(ctx, m0.ID, f, p)
			return names(rows, next, err, func(v store.ModelVersion) string { return fmt.Sprint(v.Version) })
		}, func(p store.Page) error {
			_, _, err := s.ModelVersions(ctx, m0.ID, store.VersionFilter{MaxVersion: 8}, p)
			return err
		}},
		"schedulers": {down, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.Schedulers(ctx, account, store.SchedulerFilter{NameBeginsWith: "x", Status: store.SchedulerPending}, p)
			return names(rows, next, err, func(w store.Scheduler) string { return w.Name })
		}, func(p store.Page) error {
			_, _, err := s.Schedulers(ctx, account, store.SchedulerFilter{NameBeginsWith: "x", ModelName: "x", Status: store.SchedulerPending}, p)
			return err
		}},
		"executions": {down, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.Executions(ctx, "w", store.ExecutionFilter{Status: store.ExecutionRunning}, p)
			return names(rows, next, err, func(e store.Execution) string { return stamp(e.DataStart) })
		}, func(p store.Page) error {
			_, _, err := s.Executions(ctx, "w", store.ExecutionFilter{Status: store.ExecutionRunning, From: time.Unix(1, 0)}, p)
			return err
		}},
		"events": {down, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.Events(ctx, "w", time.Unix(0, 0), s.now, p)
			return names(rows, next, err, func(e store.Event) string { return stamp(e.StartTime) })
		}, func(p store.Page) error {
			_, _, err := s.Events(ctx, "w", time.Unix(0, 0), s.now.Add(1000), p)
			return err
		}},
		"retrainings": {down, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.Retrainings(ctx, account, store.RetrainingFilter{ModelNameBeginsWith: "x", Status: store.SchedulerPending}, p)
			return names(rows, next, err, func(r store.Retraining) string { return r.ModelName })
		}, func(p store.Page) error {
			_, _, err := s.Retrainings(ctx, account, store.RetrainingFilter{Status: store.SchedulerPending}, p)
			return err
		}},
		"statistics": {up, func(p store.Page) ([]string, string, error) {
			rows, next, err := s.SensorStatistics(ctx, "job", p)
			return names(rows, next, err, func(v store.SensorStatistics) string { return v.SensorName })
		}, func(p store.Page) error {
			_, _, err := s.SensorStatistics(ctx, "other", p)
			return err
		}},
	}
}

func TestPagesOfAllLists(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		var foreign string
		for name, l := range lists(s) {
			for limit := range 11 {
				var got []string
				token := ""
				for rounds := 0; ; rounds++ {
					rows, next, err := l.read(store.Page{Limit: limit, Token: token})
					if err != nil || limit > 0 && len(rows) > limit || rounds > 10 {
						t.Fatalf("%s, %d at a time: %v %v", name, limit, rows, err)
					}
					got = append(got, rows...)
					if token = next; token == "" {
						break
					}
					is(t, name+": another filter", l.other(store.Page{Token: token}), store.ErrToken, "")
					for _, bad := range []string{token + "A", token[1:], strings.ToLower(token) + "!", "x", foreign} {
						if bad == "" {
							continue
						}
						if _, _, err := l.read(store.Page{Token: bad}); err == nil {
							t.Errorf("%s: took the token %q for %q", name, bad, token)
						}
					}
				}
				if !slices.Equal(got, l.want) {
					t.Errorf("%s, %d at a time: %v, want %v", name, limit, got, l.want)
				}
			}
			_, foreign, _ = l.read(store.Page{Limit: 1})
		}
	})
}

func TestTokensSurviveRestarts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		for i := range 3 {
			s.dataset(fmt.Sprint("x", i))
		}
		_, token, err := s.Datasets(t.Context(), account, store.DatasetFilter{}, store.Page{Limit: 2})
		if err != nil || token == "" || len(token) > 8192 {
			t.Fatal(token, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		rest, token, err := s.open(store.Quotas{}).Datasets(t.Context(), account, store.DatasetFilter{}, store.Page{Limit: 500, Token: token})
		if err != nil || token != "" || len(rest) != 1 || rest[0].Name != "x0" {
			t.Error(rest, token, err)
		}
	})
}

// Rows of equal times come and go while somebody reads page by page: none is
// read twice, and none that was there all along is missed.
func TestPagingWhileRowsComeAndGo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		rapid.Check(t, func(r *rapid.T) {
			s.account = store.NewID()[:12]
			at := time.Unix(1e9, 0)
			insert := func() string {
				d := s.newDataset("d" + store.NewID())
				d.CreatedAt = at.Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "second")) * time.Second)
				s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, d) })
				return d.ID
			}
			there := map[string]bool{} // all along
			for range rapid.IntRange(0, 8).Draw(r, "at first") {
				there[insert()] = true
			}
			seen := map[string]int{}
			page := store.Page{Limit: rapid.IntRange(1, 4).Draw(r, "limit")}
			for {
				rows, next, err := s.Datasets(t.Context(), s.account, store.DatasetFilter{}, page)
				if err != nil {
					r.Fatal(err)
				}
				for _, d := range rows {
					seen[d.ID]++
				}
				if page.Token = next; next == "" {
					break
				}
				for range rapid.IntRange(0, 2).Draw(r, "come") {
					insert()
				}
				if rapid.Bool().Draw(r, "goes") { // often the very row the token stands at
					id := rows[len(rows)-1].ID
					s.do(func(ctx context.Context, t *store.Tx) error { return t.DeleteDataset(ctx, id, at) })
				}
			}
			for id, n := range seen {
				if n > 1 {
					r.Errorf("%s was read %d times", id, n)
				}
			}
			for id := range there {
				if seen[id] == 0 {
					r.Errorf("%s was missed", id)
				}
			}
		})
	})
}
