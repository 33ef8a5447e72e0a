package detect

import (
	"bytes"
	"runtime"
	"testing"
	"time"
)

func TestModelsDoNotDependOnWhatASettingLeavesThem(t *testing.T) {
	t.Parallel()
	f, s := plant{seed: 72, rows: 3000, holes: 0.02}.frame(), plant{}.settings()
	want := encoded(t, train(t, f, s))
	for _, s.Cores = range []int{1, 2, 3} {
		if !bytes.Equal(encoded(t, train(t, f, s)), want) {
			t.Errorf("on %d cores the model is another", s.Cores)
		}
	}
}

// A model is the same to the last bit however many goroutines made it. GOMAXPROCS is of
// the whole process, so this test has it alone.
func TestModelsDoNotDependOnTheCores(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for name, make := range map[string]func() ([]byte, error){
		"wide": func() ([]byte, error) {
			return train(t, wide(3000, 70), Settings{Rate: 5 * time.Minute}).MarshalBinary()
		},
		"stops, gaps and faults": func() ([]byte, error) {
			p := plant{seed: 71, rows: 6000, holes: 0.02, fault: func(i int, cells []float64) {
				if i > 3000 && i < 3100 {
					cells[4] += 5
				}
			}}
			return train(t, p.frame(), p.settings()).MarshalBinary()
		},
	} {
		var want []byte
		for _, n := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(n)
			got, err := make()
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: with %d goroutines the model is another", name, n)
			}
		}
	}
}
