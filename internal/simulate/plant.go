// Package simulate is the plant of the demo and of tests: a pump and its motor
// whose sensors are a pure function of seed and time, and a logger that drops
// their CSV files. It is no model of a real machine, and writes nothing but drops.
package simulate

import (
	"math"
	"slices"
	"time"
)

// Options describe a plant. The zero value is a healthy one.
type Options struct {
	Seed  uint64
	Rate  time.Duration // between rows; 0: one second, which is also the shortest
	Fault Fault
}

// Fault is a bearing that wears out: vibration and temperature grow, flow falls.
type Fault struct {
	From time.Time     // when it begins; zero: never
	Over time.Duration // until it has fully developed; 0: at once
}

// Plant gives the rows of two components, pump-7 and motor-7. Two plants with the
// same options give the same rows, in whatever order they are asked for.
type Plant struct {
	seed  uint64
	rate  time.Duration
	fault Fault
}

// New gives the plant that o describes.
func New(o Options) *Plant {
	return &Plant{seed: mix(o.Seed), rate: max(o.Rate, time.Second), fault: o.Fault}
}

// Rate is the time between two rows.
func (p *Plant) Rate() time.Duration { return p.rate }

// sensor is an instrument: what it reads, its noise and its resolution, all in
// the sensor's unit.
type sensor struct {
	name string
	read func(state) float64
	// noise is one standard deviation at full speed; a tenth of it is left at rest.
	noise, step float64
}

// Components names the plant's components.
func Components() []string { return []string{"pump-7", "motor-7"} }

// Sensors names a component's sensors in the order of Row, nil for no component.
func Sensors(component string) []string {
	var names []string
	for _, s := range sensors(component) {
		names = append(names, s.name)
	}
	return names
}

// SpeedSensor is what tells that the machine is off: pump-7's speed, which is
// below OffBelow rpm then and well above it in every other mode.
const (
	SpeedSensor = "speed"
	OffBelow    = 100
)

func sensors(component string) []sensor {
	switch component {
	case "pump-7":
		return []sensor{
			{"flow", func(s state) float64 { return 118 * s.speed * (1 - 0.12*s.wear) }, 0.6, 0.01},                          // m3/h
			{"speed", func(s state) float64 { return rated * s.speed }, 2, 0.1},                                              // rpm
			{"suction_pressure", func(s state) float64 { return 1.62 - 0.2*s.speed }, 0.01, 0.001},                           // bar
			{"discharge_pressure", func(s state) float64 { return 1.62 + 5.2*s.speed*s.speed*(1-0.08*s.wear) }, 0.03, 0.001}, // bar
			{"bearing_temperature", func(s state) float64 { return s.ambient + s.heat*(26+17*s.wear) }, 0.08, 0.1},           // C
			{"vibration", func(s state) float64 { return 0.12 + 1.9*math.Pow(s.speed, 1.5)*(1+2.6*s.wear) }, 0.09, 0.001},    // mm/s
			{"seal_pressure", func(s state) float64 { return 3.4 + 0.5*s.speed - 0.3*s.wear }, 0.01, 0.01},                   // bar
			{"valve_position", func(s state) float64 { return 20 + 75*s.demand }, 0, 0.5},                                    // percent
		}
	case "motor-7":
		return []sensor{
			{"current", func(s state) float64 { return 9*math.Min(1, 4*s.speed) + 51*math.Pow(s.speed, 3)*(1+0.07*s.wear) }, 0.4, 0.01}, // A
			{"power", func(s state) float64 { return 33 * math.Pow(s.speed, 3) * (1 + 0.07*s.wear) }, 0.2, 0.01},                        // kW
			{"winding_temperature", func(s state) float64 { return s.ambient + s.heat*(42+3*s.wear) }, 0.1, 0.1},                        // C
			{"vibration", func(s state) float64 { return 0.1 + 1.1*math.Pow(s.speed, 1.5)*(1+0.9*s.wear) }, 0.05, 0.001},                // mm/s
		}
	}
	return nil
}

// Row appends the component's readings at t to dst, in the order of Sensors. It
// appends nothing for an unknown component.
func (p *Plant) Row(dst []float64, component string, t time.Time) []float64 {
	s := p.at(t)
	which := uint64(slices.Index(Components(), component)) << 8
	for i, x := range sensors(component) {
		n := gauss(p.seed, which|uint64(i), uint64(t.UnixNano()))
		v := x.read(s) + n*x.noise*(0.1+0.9*s.speed)
		dst = append(dst, max(0, math.Round(v/x.step)*x.step))
	}
	return dst
}
