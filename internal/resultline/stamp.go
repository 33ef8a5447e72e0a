package resultline

import "time"

// stampForm is the form of a timestamp: always six decimals, never a zone, UTC.
const stampForm = "2006-01-02T15:04:05.000000"

// parseStamp reads the one form that there is; false for any other text.
func parseStamp(text []byte) (int64, bool) {
	if len(text) != len(stampForm) {
		return 0, false
	}
	for i, want := range []byte(stampForm) {
		digit := text[i] >= '0' && text[i] <= '9'
		if wantDigit := want >= '0' && want <= '9'; digit != wantDigit || !digit && text[i] != want {
			return 0, false
		}
	}
	year, month, day := digits(text[0:4]), digits(text[5:7]), digits(text[8:10])
	hour, minute, second := digits(text[11:13]), digits(text[14:16]), digits(text[17:19])
	if year < 1700 || year > 2200 || hour > 23 || minute > 59 || second > 59 { // years that fit into ns, and room to calculate in
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, digits(text[20:])*1000, time.UTC)
	if int(t.Month()) != month || t.Day() != day { // there is no such day
		return 0, false
	}
	return t.UnixNano(), true
}

func digits(text []byte) int {
	n := 0
	for _, c := range text {
		n = n*10 + int(c-'0')
	}
	return n
}
