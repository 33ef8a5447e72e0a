package take

import (
	"testing"
	"time"

	"millwright/internal/drop"
)

func TestARefusalIsNewsOnce(t *testing.T) {
	t.Parallel()
	r := &Refusals{}
	c := Candidate{Folder: "/drop", Name: "a.csv", Size: 7, ModTime: time.Unix(5, 0)}
	d := drop.Drop{Reason: "no scheduler has it"}
	if !r.news(&c, &d) || r.news(&c, &d) {
		t.Error("the same refusal is not news once")
	}
	c.Size++
	if !r.news(&c, &d) || r.news(&c, &d) {
		t.Error("a file that changed and is refused again is not news once")
	}
	d.Reason = "another"
	if !r.news(&c, &d) {
		t.Error("another reason is no news")
	}
}
