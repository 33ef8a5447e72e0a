package seal

import "math"

// watermark is the lowest, over the stream's sensors, of the latest row taken
// (Unix ns). A sensor that is two windows behind the newest one has stopped and
// holds nothing back. math.MinInt64 means that no row was taken yet.
//
// It moves only with whole drops: the ledger's sensors change in the
// transaction that takes a drop.
func (l *lane) watermark() int64 {
	newest := int64(math.MinInt64)
	l.eachSensor(func(latest int64) { newest = max(newest, latest) })
	if newest == math.MinInt64 {
		return newest
	}
	lowest := newest
	l.eachSensor(func(latest int64) {
		if newest-latest < 2*l.frequency() {
			lowest = min(lowest, latest)
		}
	})
	return lowest
}

func (l *lane) eachSensor(fn func(latest int64)) {
	if len(l.Schema) == 0 {
		for _, t := range l.of.sensors {
			fn(t)
		}
		return
	}
	for _, name := range l.Schema {
		if t, ok := l.of.sensors[name]; ok {
			fn(t)
		}
	}
}
