package backfill_test

import (
	"fmt"
	"testing"
	"time"

	"millwright/backfill"
)

// Windows are sealed a stretch of time after the other. A row at exactly the start of
// a stretch is in the window before it.
func TestFirstRowAtTheStartOfAStretch(t *testing.T) {
	t.Parallel()
	const stretch = 341 * time.Hour // for one stream of five minutes
	at := time.Unix(0, 0).UTC().Add(1440 * stretch)
	text := "Timestamp,flow\n"
	for i := range 40 {
		text += fmt.Sprintf("%s,%d\n", at.Add(time.Duration(i)*30*time.Second).Format(time.RFC3339), i)
	}
	r := newRig(t, scheduler, "")
	r.must(backfill.Options{Paths: []string{r.file("pump/a.csv", text)}})
	want := newNaive(t, text).windows("pump", r.now)
	if len(want) != 5 {
		t.Fatalf("%d windows are expected", len(want))
	}
	same(t, "windows", r.bucket("in/"), want)
}
