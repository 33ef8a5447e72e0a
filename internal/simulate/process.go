package simulate

import (
	"math"
	"time"
)

// Mode is what the plant is asked to do.
type Mode int

const (
	Off Mode = iota
	Low
	Normal
	High
)

const (
	rated = 1480             // rpm at full speed
	block = 20 * time.Minute // a mode lasts for whole blocks
	cycle = 12               // blocks, one of which is off
	spin  = 20 * time.Second // time constant of the speed
	warm  = 12 * time.Minute // time constant of the temperatures
)

// state is what the sensors read from.
type state struct {
	demand  float64 // 0..1, what is asked for
	speed   float64 // 0..1 of rated speed
	heat    float64 // 0..1 of the warmth at full speed
	ambient float64 // C
	wear    float64 // 0..1 of the fault
}

// Wear tells how far the fault has developed at t, from 0 to 1.
func (p *Plant) Wear(t time.Time) float64 {
	since := t.Sub(p.fault.From)
	switch {
	case p.fault.From.IsZero() || since < 0:
		return 0
	case since >= p.fault.Over:
		return 1
	}
	return math.Pow(float64(since)/float64(p.fault.Over), 1.5)
}

func (p *Plant) at(t time.Time) state {
	day := float64(t.Unix()%86400) / 86400
	return state{
		demand:  p.mode(blockOf(t)).demand(),
		speed:   p.lagged(t, spin, func(m Mode) float64 { return m.demand() }),
		heat:    p.lagged(t, warm, func(m Mode) float64 { return m.demand() * m.demand() }),
		ambient: 19 - 4*math.Cos(2*math.Pi*(day-0.15)),
		wear:    p.Wear(t),
	}
}

func (m Mode) demand() float64 {
	return [...]float64{0, 0.62, 0.85, 1}[m]
}

// mode draws the mode of a block: one block of each cycle is off.
func (p *Plant) mode(b int64) Mode {
	c, at := floorDiv(b, cycle)
	if uint64(at) == hash(p.seed, 1, uint64(c))%cycle {
		return Off
	}
	switch hash(p.seed, 2, uint64(b)) % 5 {
	case 0:
		return Low
	case 1:
		return High
	default:
		return Normal
	}
}

// lagged follows target with the time constant tau. It begins far enough before t
// that where it begins does not matter.
func (p *Plant) lagged(t time.Time, tau time.Duration, target func(Mode) float64) float64 {
	now := blockOf(t)
	first := now - int64(8*tau/block) - 1
	v := target(p.mode(first))
	for b := first + 1; b < now; b++ {
		v = follow(v, target(p.mode(b)), block, tau)
	}
	in := time.Duration(t.UnixNano() - now*int64(block))
	return follow(v, target(p.mode(now)), in, tau)
}

func follow(v, target float64, d, tau time.Duration) float64 {
	return target + (v-target)*math.Exp(-float64(d)/float64(tau))
}

func blockOf(t time.Time) int64 {
	b, _ := floorDiv(t.UnixNano(), int64(block))
	return b
}

func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

// mix spreads the bits of x (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func hash(seed, a, b uint64) uint64 { return mix(mix(seed^mix(a)) ^ b) }

// gauss is near enough to a standard normal draw: four uniform ones, summed.
func gauss(seed, a, b uint64) float64 {
	h := hash(seed, a, b)
	sum := float64(h&0xffff) + float64(h>>16&0xffff) + float64(h>>32&0xffff) + float64(h>>48)
	return (sum/0xffff - 2) * 1.7320508075688772
}
