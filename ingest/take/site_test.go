package take

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/internal/drop"
	"millwright/internal/fingerprint"
	"millwright/internal/segment"
)

// memory is a ledger in memory.
type memory struct {
	mu      sync.Mutex
	drops   []drop.Drop
	refused map[string]drop.Drop
	blocks  []segment.Ref
	sensors map[string]map[string]int64
	fail    error  // of the next commit
	reject  string // a name that can never be committed
}

func newMemory() *memory {
	return &memory{refused: map[string]drop.Drop{}, sensors: map[string]map[string]int64{}}
}

func (m *memory) EachSeen(_ context.Context, folder string, fn func(string, int64, time.Time, drop.State) error) error {
	newest := map[string]drop.Drop{}
	for _, d := range m.drops {
		if d.Folder == folder {
			newest[d.Name] = d
		}
	}
	for _, d := range m.refused {
		newest[d.Name] = d
	}
	for _, d := range newest {
		if err := fn(d.Name, d.Size, d.ModTime, d.State); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Path(_ context.Context, folder, name string) (drop.Drop, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range slices.Backward(m.drops) {
		if d.Folder == folder && d.Name == name {
			return d, true, nil
		}
	}
	d, ok := m.refused[folder+"/"+name]
	return d, ok, nil
}

func (m *memory) ByIdentity(_ context.Context, id [32]byte) (drop.Drop, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.drops {
		if d.Identity == id && d.State != drop.Repeat && d.State != drop.Quarantined {
			return d, true, nil
		}
	}
	return drop.Drop{}, false, nil
}

func (m *memory) CommitTaken(_ context.Context, batch []drop.Taking) ([]drop.Drop, error) {
	if err := m.fail; err != nil {
		m.fail = nil
		return nil, err
	}
	var out []drop.Drop
	for _, b := range batch {
		d := b.Drop
		if d.Name == m.reject {
			d.State, d.Reason = drop.Refused, "the ledger cannot take it"
			m.refused[d.Folder+"/"+d.Name], out = d, append(out, d)
			continue
		}
		d.ID, d.PathID, d.Version = int64(len(m.drops)+1), int64(len(m.drops)+1), 1
		for _, old := range m.drops {
			if old.Folder == d.Folder && old.Name == d.Name {
				d.PathID, d.Version = old.PathID, old.Version+1
			}
		}
		open := int64(0)
		places := map[string]bool{}
		for _, ref := range b.Blocks {
			ref.Drop = d.ID
			m.blocks = append(m.blocks, ref)
			open += ref.Rows
			if place := fmt.Sprint(ref.Component, ref.Slot); places[place] {
				return nil, fmt.Errorf("%s has two blocks for %s", d.Name, place)
			} else {
				places[place] = true
			}
		}
		if n := d.Counts; n.Open != open || n.Rows != n.Open+n.Older+n.Ahead+n.Ambiguous+n.Bad {
			return nil, fmt.Errorf("%s: the counts do not add up with %d rows in blocks: %+v", d.Name, open, n)
		}
		for c, latest := range b.Latest {
			if m.sensors[c] == nil {
				m.sensors[c] = map[string]int64{}
			}
			for s, at := range latest {
				m.sensors[c][s] = max(m.sensors[c][s], at)
			}
		}
		for _, n := range b.Newest {
			if m.sensors[n.Component] == nil {
				m.sensors[n.Component] = map[string]int64{}
			}
			for _, s := range n.Sensors {
				m.sensors[n.Component][s] = max(m.sensors[n.Component][s], n.Time)
			}
		}
		m.drops, out = append(m.drops, d), append(out, d)
	}
	return out, nil
}

func (m *memory) Refuse(_ context.Context, d drop.Drop) error {
	m.refused[d.Folder+"/"+d.Name] = d
	return nil
}

func (m *memory) Sensors(_ context.Context, component string) (map[string]int64, error) {
	return m.sensors[component], nil
}

// horizon is a Horizon by function; nil takes everything.
type horizon func(component string) (oldest, newest int64, ok bool, why string)

func (h horizon) Accept(component string) (oldest, newest int64, ok bool, why string) {
	if h == nil {
		return math.MinInt64, math.MaxInt64, true, ""
	}
	return h(component)
}

// site is a drop folder with a Taker whose real clock can be put forward.
type site struct {
	testing.TB
	drops, state string
	ledger       *memory
	taker        *Taker
	folder       Folder
	horizon      horizon
	limits       Limits
	ahead        time.Duration
	key          byte // of fingerprints
}

func newSite(tb testing.TB, change func(*site)) *site {
	tb.Helper()
	dir := tb.TempDir()
	s := &site{TB: tb, drops: filepath.Join(dir, "pump-7"), state: filepath.Join(dir, "state"), ledger: newMemory()}
	s.folder = Folder{Path: s.drops}
	if err := os.Mkdir(s.drops, 0o750); err != nil {
		tb.Fatal(err)
	}
	if change != nil {
		change(s)
	}
	s.restart()
	return s
}

// restart forgets everything but the disk and the ledger.
func (s *site) restart() {
	now := func() time.Time { return time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC) }
	prints, err := fingerprint.With([16]byte{s.key})
	if err != nil {
		s.Fatal(err)
	}
	dirs := Dirs{Prints: prints, Segments: filepath.Join(s.state, "segments"), Quarantine: filepath.Join(s.state, "quarantine"), Skip: []string{filepath.Join(s.drops, "archive")}}
	s.taker = New([]Folder{s.folder}, s.ledger, s.horizon, dirs, s.limits, now, zaptest.NewLogger(s))
	s.taker.wall = func() time.Time { return time.Now().Add(s.ahead) }
}

func (s *site) path(name string) string { return filepath.Join(s.drops, filepath.FromSlash(name)) }

// put writes a file as it stands now, with its time on the site's clock.
func (s *site) put(name, text string) {
	s.Helper()
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o750); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(s.path(name), []byte(text), 0o640); err != nil {
		s.Fatal(err)
	}
	s.touch(name, 0)
}

// old writes a file that has been there for an hour.
func (s *site) old(name, text string) {
	s.Helper()
	s.put(name, text)
	s.touch(name, time.Hour)
}

func (s *site) touch(name string, age time.Duration) {
	s.Helper()
	at := s.taker.wall().Add(-age)
	if err := os.Chtimes(s.path(name), at, at); err != nil {
		s.Fatal(err)
	}
}

func (s *site) pass(d time.Duration) { s.ahead += d }

func (s *site) list() Listing {
	s.Helper()
	l, err := s.taker.List(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return l
}

// take lists and takes what is settled.
func (s *site) take() []drop.Drop {
	s.Helper()
	drops, _, err := s.taker.Take(s.Context(), s.list().Candidates)
	if err != nil {
		s.Fatal(err)
	}
	return drops
}

// one takes exactly one drop.
func (s *site) one() drop.Drop {
	s.Helper()
	drops := s.take()
	if len(drops) != 1 {
		s.Fatalf("%d drops, want one: %+v", len(drops), drops)
	}
	return drops[0]
}

// settle waits until what is there is settled, and takes it.
func (s *site) settle() []drop.Drop {
	s.Helper()
	s.list()
	s.pass(2100 * time.Millisecond)
	return s.take()
}

// value is one value as it stands in a segment.
type value struct {
	drop, line int64
	component  string
	sensor     string
	time       int64
	value      float64
}

func (v value) String() string {
	return fmt.Sprintf("%s/%s %s %v", v.component, v.sensor, time.Unix(0, v.time).UTC().Format("15:04:05.999"), v.value)
}

// values reads all blocks of the ledger, by drop and line.
func (s *site) values() []value {
	s.Helper()
	var all []value
	for _, ref := range s.ledger.blocks {
		f, err := segment.Open(filepath.Join(s.state, "segments", ref.File))
		if err != nil {
			s.Fatal(err)
		}
		b, err := f.Block(ref)
		if err != nil {
			s.Fatal(err)
		}
		for _, g := range b.Groups() {
			times, err1 := g.Times(nil)
			lines, err2 := g.Lines(nil)
			if err1 != nil || err2 != nil {
				s.Fatal(err1, err2)
			}
			for i, sensor := range g.Sensors {
				column, err := g.Column(i, nil)
				if err != nil {
					s.Fatal(err)
				}
				for k, v := range column {
					if segment.SlotOf(times[k]) != ref.Slot {
						s.Fatalf("a row of %s is in slot %d", time.Unix(0, times[k]), ref.Slot)
					}
					if v == v {
						all = append(all, value{ref.Drop, lines[k], ref.Component, sensor, times[k], v})
					}
				}
			}
		}
		f.Close()
	}
	slices.SortStableFunc(all, func(a, b value) int {
		if a.drop != b.drop {
			return int(a.drop - b.drop)
		}
		if a.line != b.line {
			return int(a.line - b.line)
		}
		return strings.Compare(a.component+"/"+a.sensor, b.component+"/"+b.sensor)
	})
	return all
}

// texts are the values in words.
func (s *site) texts() []string {
	s.Helper()
	var t []string
	for _, v := range s.values() {
		t = append(t, v.String())
	}
	return t
}

func (s *site) want(texts ...string) {
	s.Helper()
	if got := s.texts(); !slices.Equal(got, texts) {
		s.Fatalf("values\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(texts, "\n"))
	}
}

const head = "Timestamp,flow,speed\n"

// line is a row of a wide file, n minutes after ten.
func line(n int) string {
	return fmt.Sprintf("2026-01-05 10:%02d:00,%d.5,%d\n", n, n, 1000+n)
}
