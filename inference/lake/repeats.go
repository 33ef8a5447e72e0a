package lake

import (
	"cmp"
	"context"
	"math"
	"slices"

	"millwright/inference/detect/frame"
)

// Overlap is objects of a component and day whose rows lie in the same time: they
// may have the same stamps.
type Overlap struct {
	Component string
	Day       int64
	Objects   []Object
}

// Overlaps finds them, by component and day. Files that follow each other have none.
func Overlaps(objects []Object) []Overlap {
	objects = slices.Clone(objects)
	slices.SortStableFunc(objects, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Key, b.Key))
	})
	var all []Overlap
	var end int64
	for i, o := range objects {
		if i > 0 && o.Component == objects[i-1].Component && o.Day == objects[i-1].Day && o.Start <= end {
			last := &all[len(all)-1]
			last.Objects = append(last.Objects, o)
			end = max(end, o.End)
			continue
		}
		all = append(all, Overlap{o.Component, o.Day, []Object{o}})
		end = o.End
	}
	return slices.DeleteFunc(all, func(o Overlap) bool { return len(o.Objects) < 2 })
}

// Repeats counts, by sensor, the values of an overlap that stand at a stamp for
// which another of its objects has one, for Summary.Repeat. Those within one
// object were counted when it was made.
func (l *Lake) Repeats(ctx context.Context, o Overlap, sensors []string) (map[string]int64, error) {
	names := make([]frame.Name, len(sensors))
	for i, s := range sensors {
		names[i] = frame.Name{Component: o.Component, Sensor: s}
	}
	more := map[string]int64{}
	count := func(objects []Object, sign int64) error {
		g := newGatherer(sensors)
		if err := l.newMerge(objects, names, math.MinInt64, math.MaxInt64).each(ctx, g.take); err != nil {
			return err
		}
		for _, s := range g.sensors {
			if s.Duplicates > 0 {
				more[s.Name] += sign * s.Duplicates
			}
		}
		return nil
	}
	if err := count(o.Objects, 1); err != nil {
		return nil, err
	}
	for _, one := range o.Objects {
		if err := count([]Object{one}, -1); err != nil {
			return nil, err
		}
	}
	return more, nil
}
