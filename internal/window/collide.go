package window

import (
	"strings"
	"time"
)

// Keys is everything that decides which keys a scheduler's objects can have.
type Keys struct {
	Bucket     string
	Naming     Naming
	Frequency  time.Duration
	Components []string
}

// Collision names the components whose windows may get the same key.
type Collision struct{ A, B string }

// Collide finds a pair of components of two schedulers that some window of each
// can share a key for. When it errs, it errs towards a collision.
func Collide(a, b Keys) (Collision, bool) {
	if a.Bucket != b.Bucket {
		return Collision{}, false
	}
	for _, ca := range a.Components {
		for _, cb := range b.Components {
			if collide(a, ca, b, cb) {
				return Collision{A: ca, B: cb}, true
			}
		}
	}
	return Collision{}, false
}

func collide(a Keys, ca string, b Keys, cb string) bool {
	headA := a.Naming.Prefix + ca + a.Naming.Delimiter
	headB := b.Naming.Prefix + cb + b.Naming.Delimiter
	fa, fb := a.Naming.format(), b.Naming.format()
	switch {
	case fa == fb && fa == FormatEpoch:
		return headA == headB // both have the window at 0
	case fa == fb:
		// S + offset of a = S' + offset of b has solutions when the common
		// divisor of the frequencies divides the difference.
		return headA == headB && (a.Naming.Offset-b.Naming.Offset)%gcd(a.Frequency, b.Frequency) == 0
	case fa == FormatEpoch && fb == FormatCompact:
		return yearApart(headA, headB)
	case fa == FormatCompact && fb == FormatEpoch:
		return yearApart(headB, headA)
	default:
		return false // the dashes of one stamp stand where the other has digits
	}
}

// yearApart: an EPOCH stamp can be the last ten digits of a compact one when the
// year is taken for the end of the component's name.
func yearApart(epoch, compact string) bool {
	year, ok := strings.CutPrefix(epoch, compact)
	return ok && len(year) == 4 && strings.Trim(year, "0123456789") == ""
}

func gcd(a, b time.Duration) time.Duration {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, 1)
}
