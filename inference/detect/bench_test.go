package detect

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// wide is data of many sensors that follow a few causes.
func wide(rows, sensors int) *frame.Frame {
	r := rand.New(rand.NewPCG(7, 7))
	f := &frame.Frame{}
	for j := range sensors {
		f.Columns = append(f.Columns, frame.Name{Component: "c", Sensor: fmt.Sprintf("s%d", j)})
	}
	causes := make([]float64, 6)
	cells := make([]float64, sensors)
	for i := range rows {
		for k := range causes {
			causes[k] = 0.95*causes[k] + r.NormFloat64()
		}
		for j := range cells {
			cells[j] = causes[j%6] + 0.5*causes[(j+1)%6] + 0.3*r.NormFloat64()
		}
		f.Append(plantStart+int64(i)*int64(5*time.Minute), cells)
	}
	return f
}

func BenchmarkTrain(b *testing.B) {
	for _, size := range []struct{ rows, sensors int }{{12000, 25}, {12000, 100}} {
		f := wide(size.rows, size.sensors)
		b.Run(fmt.Sprintf("%dx%d", size.rows, size.sensors), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Train(b.Context(), f, Settings{Rate: 5 * time.Minute}, zap.NewNop()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkScore(b *testing.B) {
	f := wide(12000, 25)
	m := train(b, f, Settings{Rate: 5 * time.Minute})
	s := m.NewSession()
	label, i := f.Labels[len(f.Labels)-1], 0
	b.ReportAllocs()
	for b.Loop() {
		label += int64(m.Rate())
		i++
		if err := s.Add(label, f.Row(i%12000), func(resultline.Row, Remark) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
