package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"millwright/inference/config"
	"millwright/inference/lake"
	"millwright/inference/store"
)

// The tags of a model that have a meaning; no other key may begin like them.
const (
	reserved       = "millwright:"
	TagFalseAlarms = reserved + "false-alarms-per-week"
	TagModeSensors = reserved + "mode-sensors" // component/sensor, blank-separated, the main one first
	TagRestart     = reserved + "restart"
	TagHold        = reserved + "hold"
)

// Settings are what the API has no member for and a model's tags say. They are
// frozen with every version when it is begun, as JSON in its Settings.
type Settings struct {
	FalseAlarmsPerWeek float64     `json:"false_alarms_per_week"` // above 0. Default: 1
	ModeSensors        []string    `json:"mode_sensors,omitempty"`
	Restart            config.Auto `json:"restart"` // after off. Default: 1h
	Hold               config.Auto `json:"hold"`    // of a value. Default: auto
}

func (s Settings) filled() Settings {
	if s.FalseAlarmsPerWeek == 0 {
		s.FalseAlarmsPerWeek = 1
	}
	if s.Restart == (config.Auto{}) {
		s.Restart = config.For(time.Hour)
	}
	if s.Hold == (config.Auto{}) {
		s.Hold = config.Automatic()
	}
	return s
}

// with is s as tags change it. Mode sensors have to be in schema, unless that is
// empty: not known.
func (s Settings) with(tags []store.Tag, schema lake.Schema) (Settings, error) {
	for _, tag := range tags {
		var err error
		switch tag.Key {
		case TagFalseAlarms:
			s.FalseAlarmsPerWeek, err = strconv.ParseFloat(tag.Value, 64)
			if err != nil || !(s.FalseAlarmsPerWeek > 0 && s.FalseAlarmsPerWeek <= 1000) {
				err = fmt.Errorf("write more than 0 and at most 1000; 0.25 is one in four weeks")
			}
		case TagModeSensors:
			s.ModeSensors, err = modeSensors(tag.Value, schema)
		case TagRestart:
			s.Restart, err = lasting(tag.Value, 7*24*time.Hour)
		case TagHold:
			s.Hold, err = lasting(tag.Value, 24*time.Hour)
		default:
			if strings.HasPrefix(tag.Key, reserved) {
				err = fmt.Errorf("there is none of that name, only %s, %s, %s and %s", TagFalseAlarms, TagModeSensors, TagRestart, TagHold)
			}
		}
		if err != nil {
			return s, fmt.Errorf("tag %s: %w; it has %q", tag.Key, err, tag.Value)
		}
	}
	return s, nil
}

// lasting reads a length of time, or auto.
func lasting(text string, most time.Duration) (a config.Auto, err error) {
	err = a.UnmarshalText([]byte(text))
	if d, fixed := a.Duration(); err != nil || fixed && (d <= 0 || d > most) {
		return a, fmt.Errorf("write auto, or a number and a unit such as 30s, 10m or 1h, at most %dh", most/time.Hour)
	}
	return a, nil
}

func modeSensors(text string, schema lake.Schema) ([]string, error) {
	names := strings.Fields(text)
	if len(names) == 0 {
		return nil, fmt.Errorf("name sensors as component/sensor, blank-separated")
	}
	for i, name := range names {
		component, sensor, ok := strings.Cut(name, "/")
		if !ok || component == "" || sensor == "" {
			return nil, fmt.Errorf("name sensors as component/sensor, blank-separated")
		}
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("name sensor %s once", name)
		}
		if len(schema.Components) == 0 {
			continue
		}
		if c, ok := schema.Component(component); !ok || !slices.Contains(c.Sensors, sensor) {
			return nil, fmt.Errorf("the model has no sensor %s", name)
		}
	}
	return names, nil
}

// tags are the settings as tags say them.
func (s Settings) tags() []store.Tag {
	list := []store.Tag{
		{Key: TagFalseAlarms, Value: strconv.FormatFloat(s.FalseAlarmsPerWeek, 'g', -1, 64)},
		{Key: TagHold, Value: s.Hold.String()},
	}
	if len(s.ModeSensors) > 0 {
		list = append(list, store.Tag{Key: TagModeSensors, Value: strings.Join(s.ModeSensors, " ")})
	}
	return append(list, store.Tag{Key: TagRestart, Value: s.Restart.String()})
}

// Freeze gives what a version of the model that begins now is made with: for
// ModelVersion.Settings. Tags were checked when they were put.
func (b *Backend) Freeze(ctx context.Context, r store.Reader, modelARN string) (json.RawMessage, error) {
	tags, err := r.Tags(ctx, modelARN)
	if err != nil {
		return nil, err
	}
	s, err := b.o.Detector.with(tags, lake.Schema{})
	if err != nil {
		return nil, fmt.Errorf("read the tags of %s: %w", modelARN, err)
	}
	return json.Marshal(s)
}
