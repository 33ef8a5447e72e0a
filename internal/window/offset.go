package window

import (
	"fmt"
	"time"
)

// ParseOffset reads an input time zone offset: a sign, two digits of hours (to
// 23), a colon, two digits of minutes (to 59). Empty is UTC.
func ParseOffset(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	// A duration has one spelling, so writing it again checks sign, digits and length.
	var hours, minutes int
	if _, err := fmt.Sscanf(s[1:], "%02d:%02d", &hours, &minutes); err == nil {
		d := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
		if s[0] == '-' {
			d = -d
		}
		if hours < 24 && (FormatOffset(d) == s || s == "-00:00") {
			return d, nil
		}
	}
	return 0, fmt.Errorf("read offset %q: write a sign, hours and minutes, such as +05:30", s)
}

// FormatOffset is the inverse of ParseOffset for whole minutes; -00:00 becomes +00:00.
func FormatOffset(d time.Duration) string {
	sign := '+'
	if d < 0 {
		sign, d = '-', -d
	}
	return fmt.Sprintf("%c%02d:%02d", sign, int(d.Hours()), int(d.Minutes())%60)
}
