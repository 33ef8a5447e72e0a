package backfill

import (
	"cmp"
	"context"
	"slices"

	"millwright/ingest/take"
)

// group is files that have components in common, or one component's: what
// their rows become is decided together.
type group struct {
	*corpus
	tracks []*track
	bins   *bins
}

// groups puts the files together that may have values for the same sensors.
// Tags of the long layout are not known beforehand: such a file may have any
// sensor of its component.
func (c *corpus) groups(sources []*source) []*group {
	sets := newSets(len(sources))
	byComponent := map[string]int{}
	join := func(owners map[string]int, key string, i int) {
		if other, ok := owners[key]; ok {
			sets.join(other, i)
			return
		}
		owners[key] = i
	}
	for i, s := range sources {
		for _, name := range s.components() {
			join(byComponent, name, i)
		}
		if s.long && s.component == "" { // any of its tags may be anybody's
			for k := range sources {
				sets.join(i, k)
			}
		}
	}
	var out []*group
	for _, members := range sets.all() {
		g := &group{corpus: c}
		var mine []*source
		for _, i := range members {
			mine = append(mine, sources[i])
		}
		g.tracks = g.split(mine)
		out = append(out, g)
	}
	return out
}

// components are those that a file is known to have values for. A file in the
// long layout whose tags tell may have some of all: "" stands for them.
func (s *source) components() []string {
	if s.component != "" {
		return []string{s.component}
	}
	names := []string{""} // of the same kind of folder: they go together
	for _, c := range s.columns {
		if c.Component != "" && !slices.Contains(names, c.Component) {
			names = append(names, c.Component)
		}
	}
	return names
}

// split parts the files of a group into tracks that have no sensor in common.
func (g *group) split(sources []*source) []*track {
	sets := newSets(len(sources))
	owners := map[take.Column]int{}
	if slices.ContainsFunc(sources, func(s *source) bool { return s.long }) {
		for k := range sources {
			sets.join(0, k)
		}
	}
	for i, s := range sources {
		for _, c := range s.columns {
			if c.Component == "" {
				continue
			}
			if other, ok := owners[c]; ok {
				sets.join(other, i)
			} else {
				owners[c] = i
			}
		}
	}
	var out []*track
	for _, members := range sets.all() {
		t := newTrack(g)
		for _, i := range members {
			t.sources = append(t.sources, sources[i])
			t.long = t.long || sources[i].long
		}
		slices.SortStableFunc(t.sources, func(a, b *source) int {
			return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.rank, b.rank))
		})
		out = append(out, t)
	}
	return out
}

// run reads the tracks one after the other, then puts their bins side by side.
func (g *group) run(ctx context.Context) error {
	var err error
	if g.bins, err = newBins(g.job.dir); err != nil {
		return err
	}
	defer g.bins.close()
	for _, t := range g.tracks {
		if err := t.read(ctx); err != nil {
			return err
		}
		if err := g.room.check(ctx, 0); err != nil {
			return err
		}
	}
	return g.write(ctx)
}

// sets are disjoint sets of numbers.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s sets) root(i int) int {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

// join keeps the lower number as the name of both.
func (s sets) join(a, b int) {
	a, b = s.root(a), s.root(b)
	s[max(a, b)] = min(a, b)
}

// all gives the sets in the order of their lowest members.
func (s sets) all() [][]int {
	var out [][]int
	at := map[int]int{}
	for i := range s {
		r := s.root(i)
		k, ok := at[r]
		if !ok {
			k = len(out)
			at[r], out = k, append(out, nil)
		}
		out[k] = append(out[k], i)
	}
	return out
}
