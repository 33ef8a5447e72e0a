package detect

import (
	"gonum.org/v1/gonum/mat"
)

// fill gives missing sensors the value that is to be expected of them, given those
// present. In scaled units and with P the inverse of the sensors' covariance that is
// the solution of Pₘₘ zₘ = -Pₘₒ zₒ: the values that make zᵀPz least.
type fill struct {
	d         int
	precision []float64 // d by d
	mask      []bool    // of the pattern that chol belongs to
	missing   []int
	chol      mat.Cholesky
	solvable  bool // there is a chol; every training's precision has one, a file's may not
}

func newFill(precision []float64, d int) *fill {
	return &fill{d: d, precision: precision, mask: make([]bool, d)}
}

// complete fills z where present is false and gives zᵀPz, the distance of the
// sensors present from the mean.
func (f *fill) complete(z []float64, present []bool) float64 {
	f.pattern(present)
	if len(f.missing) > 0 {
		for _, j := range f.missing {
			z[j] = 0
		}
		right := mat.NewVecDense(len(f.missing), nil)
		for i, j := range f.missing {
			right.SetVec(i, -dot(f.precision[j*f.d:(j+1)*f.d], z))
		}
		var x mat.VecDense
		if f.solvable && f.chol.SolveVecTo(&x, right) == nil {
			for i, j := range f.missing {
				z[j] = x.AtVec(i)
			}
		}
	}
	var sum float64
	for j := range z {
		sum += z[j] * dot(f.precision[j*f.d:(j+1)*f.d], z)
	}
	return sum
}

// pattern factorises Pₘₘ, unless it is that of the row before.
func (f *fill) pattern(present []bool) {
	same := true
	for j, p := range present {
		same = same && f.mask[j] == !p
	}
	if same {
		return
	}
	f.missing = f.missing[:0]
	for j, p := range present {
		f.mask[j] = !p
		if !p {
			f.missing = append(f.missing, j)
		}
	}
	if len(f.missing) == 0 {
		return
	}
	sub := mat.NewSymDense(len(f.missing), nil)
	for a, i := range f.missing {
		for b, j := range f.missing {
			if b >= a {
				sub.SetSym(a, b, f.precision[i*f.d+j])
			}
		}
	}
	f.solvable = f.chol.Factorize(sub)
}
