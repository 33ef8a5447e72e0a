package detect

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
)

// plant is a machine of two components for tests: a drive with three speeds that stops
// now and then, and what follows the speed.
type plant struct {
	seed  uint64
	rows  int
	rate  time.Duration
	holes float64                      // share of cells without a value
	fault func(i int, cells []float64) // changes a row
}

func (p plant) names() []frame.Name {
	var names []frame.Name
	for _, n := range []string{"speed", "current", "torque"} {
		names = append(names, frame.Name{Component: "drive", Sensor: n})
	}
	for _, n := range []string{"flow", "pressure", "temp", "vib"} {
		names = append(names, frame.Name{Component: "pump", Sensor: n})
	}
	return names
}

const plantStart = int64(1_700_000_100) * 1e9

func (p plant) frame() *frame.Frame {
	if p.rate == 0 {
		p.rate = 5 * time.Minute
	}
	r := rand.New(rand.NewPCG(p.seed, 1))
	f := &frame.Frame{Columns: p.names()}
	speeds := []float64{600, 900, 1400}
	var at, until, temp, load float64 = 900, 0, 40, 0
	start := plantStart - plantStart%int64(p.rate)
	for i := range p.rows {
		if float64(i) >= until {
			at = speeds[r.IntN(3)]
			until = float64(i) + 30 + 150*r.Float64()
			if r.Float64() < 0.15 {
				at, until = 0, float64(i)+10+20*r.Float64()
			}
		}
		load = 0.98*load + 0.2*r.NormFloat64()
		temp += 0.1 * (20 + at/40 + load - temp)
		noise := r.NormFloat64
		speed := at + 5*noise()
		cells := []float64{
			speed, 2 + speed/50 + load + 0.2*noise(), 5 + speed/100 + 0.5*load + 0.1*noise(),
			speed/20 + 2*load + 0.5*noise(), 1 + speed*speed/4e5 + 0.1*load + 0.02*noise(), temp + 0.2*noise(), 0.5 + speed/2000 + 0.05*noise(),
		}
		if p.fault != nil {
			p.fault(i, cells)
		}
		for j := range cells {
			if r.Float64() < p.holes {
				cells[j] = math.NaN()
			}
		}
		f.Append(start+int64(i)*int64(p.rate), cells)
	}
	return f
}

func (p plant) settings() Settings {
	if p.rate == 0 {
		p.rate = 5 * time.Minute
	}
	return Settings{Rate: p.rate, Off: frame.Off{Sensor: p.names()[0], Bound: 100}}
}

func train(t testing.TB, f *frame.Frame, s Settings) *Model {
	t.Helper()
	m, err := Train(t.Context(), f, s, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return m
}
