package detect
import "fmt"
var debugHistory bool
func (h history) debug(raw []channels) {
	if !debugHistory { return }
	fmt.Printf("med %.3v top %.3v usual %.3v\n", h.calibration.Median, h.calibration.Top, h.calibration.Usual)
	for i := 0; i+20 <= len(raw); i += 20 {
		var s [4]float64
		for _, c := range raw[i:i+20] { r := h.calibration.raw(c); for m := range r { if r[m] == r[m] { s[m] += r[m]/20 } }; s[3] += h.calibration.score(c)/20 }
		fmt.Printf("%d: %.2f sm %.2f | ", i, s, h.rows[i+19].score)
	}
	fmt.Println()
}
