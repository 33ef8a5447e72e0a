package ledger

import (
	"context"
	"database/sql"
	"math"
	"sync"
)

type streamName struct{ scheduler, component string }

type sensorName struct {
	component int64
	name      string
}

type sensor struct{ id, latest int64 }

// never is the watermark of a sensor of which no row was taken yet.
const never int64 = math.MinInt64

// overlay is a map whose entries made by a change count only once the change
// is committed.
type overlay[K comparable, V any] struct{ kept, added map[K]V }

func (o *overlay[K, V]) get(k K) (V, bool) {
	if v, ok := o.added[k]; ok {
		return v, true
	}
	v, ok := o.kept[k]
	return v, ok
}

func (o *overlay[K, V]) put(k K, v V) {
	if o.added == nil {
		o.added = make(map[K]V)
	}
	o.added[k] = v
}

func (o *overlay[K, V]) keep() {
	if o.kept == nil {
		o.kept = make(map[K]V, len(o.added))
	}
	for k, v := range o.added {
		o.kept[k] = v
	}
	o.added = nil
}

func (o *overlay[K, V]) forget() { o.added = nil }

// names are the numbers of names, as the writer knows them.
type names struct {
	folders    overlay[string, int64]
	components overlay[string, int64]
	streams    overlay[streamName, int64]
	sensors    overlay[sensorName, sensor]
}

// keep makes the names of a committed change known and returns the sensors
// among them by number.
func (n *names) keep() map[int64]string {
	added := make(map[int64]string, len(n.sensors.added))
	for k, v := range n.sensors.added {
		if _, known := n.sensors.kept[k]; !known {
			added[v.id] = k.name
		}
	}
	n.folders.keep()
	n.components.keep()
	n.streams.keep()
	n.sensors.keep()
	return added
}

func (n *names) forget() {
	n.folders.forget()
	n.components.forget()
	n.streams.forget()
	n.sensors.forget()
}

func (n *names) sensorNames() map[int64]string {
	all := make(map[int64]string, len(n.sensors.kept))
	for k, v := range n.sensors.kept {
		all[v.id] = k.name
	}
	return all
}

func readNames(ctx context.Context, conn *sql.Conn) (names, error) {
	var n names
	read := func(query string, scan func(*sql.Rows) error) error {
		rows, err := conn.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		return each(rows, scan)
	}
	err := read(`SELECT id, path FROM folders`, func(r *sql.Rows) error {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		n.folders.put(name, id)
		return err
	})
	if err != nil {
		return n, err
	}
	err = read(`SELECT id, name FROM components`, func(r *sql.Rows) error {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		n.components.put(name, id)
		return err
	})
	if err != nil {
		return n, err
	}
	err = read(`SELECT id, scheduler, component FROM streams`, func(r *sql.Rows) error {
		var id int64
		var s streamName
		err := r.Scan(&id, &s.scheduler, &s.component)
		n.streams.put(s, id)
		return err
	})
	if err != nil {
		return n, err
	}
	err = read(`SELECT id, component, name, latest FROM sensors`, func(r *sql.Rows) error {
		var k sensorName
		var v sensor
		err := r.Scan(&v.id, &k.component, &k.name, &v.latest)
		n.sensors.put(k, v)
		return err
	})
	n.keep()
	return n, err
}

// folder gives the number of a folder, and makes one for a new folder; so do
// the others for their kind.
func (t *tx) folder(path string) (int64, error) {
	return number(&t.folders, path, func() (int64, error) {
		return t.insert(`INSERT INTO folders (path) VALUES ($1)`, path)
	})
}

func (t *tx) component(name string) (int64, error) {
	return number(&t.components, name, func() (int64, error) {
		return t.insert(`INSERT INTO components (name) VALUES ($1)`, name)
	})
}

func (t *tx) stream(scheduler, component string) (int64, error) {
	return number(&t.streams, streamName{scheduler, component}, func() (int64, error) {
		return t.insert(`INSERT INTO streams (scheduler, component, late, repeated) VALUES ($1, $2, 0, 0)`, scheduler, component)
	})
}

func (t *tx) sensor(component int64, name string) (sensor, error) {
	return number(&t.sensors, sensorName{component, name}, func() (sensor, error) {
		id, err := t.insert(`INSERT INTO sensors (component, name, latest) VALUES ($1, $2, $3)`, component, name, never)
		return sensor{id: id, latest: never}, err
	})
}

func number[K comparable, V any](o *overlay[K, V], k K, make func() (V, error)) (V, error) {
	if v, ok := o.get(k); ok {
		return v, nil
	}
	v, err := make()
	if err == nil {
		o.put(k, v)
	}
	return v, err
}

// sensorNames gives readers the names behind the numbers in tails.
type sensorNames struct {
	mu    sync.RWMutex
	names map[int64]string
}

func (s *sensorNames) set(names map[int64]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = names
}

func (s *sensorNames) add(names map[int64]string) {
	if len(names) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = make(map[int64]string, len(names))
	}
	for id, name := range names {
		s.names[id] = name
	}
}

func (s *sensorNames) get(id int64) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	name, ok := s.names[id]
	return name, ok
}

// each calls scan for every row and closes rows.
func each(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
