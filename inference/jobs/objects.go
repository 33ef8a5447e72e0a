package jobs

import (
	"time"

	"millwright/inference/lake"
	"millwright/inference/store"
)

// stored are objects of the lake as the store keeps them.
func stored(kind store.ObjectKind, owner string, objects []lake.Object, at time.Time) []store.Object {
	all := make([]store.Object, len(objects))
	for i, o := range objects {
		all[i] = store.Object{
			Kind: kind, Owner: owner, Component: o.Component, Day: o.Day, Key: o.Key, DataStart: time.Unix(0, o.Start), DataEnd: time.Unix(0, o.End),
			Rows: o.Rows, Size: o.Size, CreatedAt: at,
		}
	}
	return all
}

// inLake are objects of the store as the lake reads them.
func inLake(objects []store.Object) []lake.Object {
	all := make([]lake.Object, len(objects))
	for i, o := range objects {
		all[i] = lake.Object{
			Component: o.Component, Day: o.Day, Key: o.Key, Start: o.DataStart.UnixNano(), End: o.DataEnd.Add(time.Microsecond).UnixNano() - 1, Rows: o.Rows, Size: o.Size,
		}
	}
	return all
}

// allDays are bounds beyond every day.
const allDays = 1 << 40
