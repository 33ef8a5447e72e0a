package sink

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"millwright/internal/event"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
)

// The header lines. Columns are never moved, renamed or taken out; new ones come
// at the end.
const (
	ResultHeader = "timestamp,scheduler,prediction,prediction_reason,anomaly_score,top_sensor,top_share,generation,id\n"
	eventHeader  = "id,generation,scheduler,event,state,start,end,duration_seconds,rows,peak_score,peak_at,top_sensor,top_share,at\n"
	alarmHeader  = "id,generation,scheduler,alarm,state,first_window,last_window,windows,reason,remedy,since,ended,at\n"
)

// page is what is to be appended to one file.
type page struct {
	header string
	text   []byte
}

// book is what a batch of messages appends, by path below the sink's folder.
type book struct {
	base  *base
	pages map[string]*page
	paths []string // in the order of their first lines
	size  int      // bytes of all
}

func (b *book) page(path, header string) *page {
	p := b.pages[path]
	if p == nil {
		p = &page{header: header}
		b.pages[path] = p
		b.paths = append(b.paths, path)
	}
	return p
}

// add writes a message's lines. After an error none of them are there.
func (b *book) add(m outbox.Message) error {
	part := &book{base: b.base, pages: map[string]*page{}}
	var err error
	switch m.Kind {
	case outbox.Result:
		err = part.result(m)
	case outbox.Change:
		err = part.event(m)
	case outbox.Alert:
		err = part.alarm(m)
	default:
		err = fmt.Errorf("message %s is of an unknown kind", m.ID)
	}
	if err != nil {
		return err
	}
	for _, path := range part.paths {
		p := b.page(path, part.pages[path].header)
		p.text = append(p.text, part.pages[path].text...)
		b.size += len(part.pages[path].text)
	}
	return nil
}

func (b *book) result(m outbox.Message) error {
	var p *page
	var day string
	err := b.base.eachRow(m, func(r resultline.Row) error {
		if d := time.Unix(0, r.Time).UTC().Format(time.DateOnly); d != day {
			day, p = d, b.page(segment(m.Scheduler)+"/"+d+".csv", ResultHeader)
		}
		p.text = AppendRow(p.text, m, r)
		return nil
	})
	switch {
	case errors.Is(err, errReplaced):
		return nil // the rows come with the next generation
	case errors.Is(err, errGone):
		return &Fault{What: plain(err.Error()), Remedy: "a sink that is dead for too long misses what had to go; the rows are still in the bucket", Verdict: Never}
	case err != nil && lineFault(err):
		return &Fault{What: plain("the result on site is damaged: " + err.Error()), Remedy: "look at the disk's health", Verdict: Never}
	}
	return err
}

// AppendRow adds the line of a row, below ResultHeader. Of the message it takes
// scheduler, generation and id.
func AppendRow(dst []byte, m outbox.Message, r resultline.Row) []byte {
	dst = append(appendTime(dst, time.Unix(0, r.Time)), ',')
	dst = append(appendText(dst, m.Scheduler), ',')
	dst = append(strconv.AppendInt(dst, int64(r.Prediction), 10), ',')
	dst = append(appendText(dst, string(r.Reason)), ',')
	if r.HasScore {
		dst = appendNumber(dst, r.Score)
	}
	dst = appendTop(append(dst, ','), r.Top(1))
	dst = append(strconv.AppendInt(append(dst, ','), m.Generation, 10), ',')
	return append(appendText(dst, m.ID), '\n')
}

// appendTop adds the cells of the sensor with the largest share and of its share.
func appendTop(dst []byte, top []resultline.Share) []byte {
	if len(top) == 0 {
		return append(dst, ',')
	}
	return appendNumber(append(appendText(dst, top[0].Name), ','), top[0].Value)
}

func (b *book) event(m outbox.Message) error {
	var d event.Document
	if err := json.Unmarshal(m.Body, &d); err != nil {
		return damaged(m, err)
	}
	p := b.page(monthly(m, "events"), eventHeader)
	t := appendHead(p.text, m)
	t = append(appendText(t, d.ID), ',')
	t = append(appendText(t, string(d.State)), ',')
	t = append(appendTime(t, d.Start), ',')
	t = append(appendTime(t, d.End), ',')
	t = append(strconv.AppendInt(t, d.Duration, 10), ',')
	t = append(strconv.AppendInt(t, int64(d.Rows), 10), ',')
	t = append(appendNumber(t, d.Peak), ',')
	t = append(appendTime(t, d.PeakAt), ',')
	t = append(appendTop(t, d.Top), ',')
	p.text = append(appendTime(t, m.At), '\n')
	return nil
}

func (b *book) alarm(m outbox.Message) error {
	var a outbox.Alarm
	if err := json.Unmarshal(m.Body, &a); err != nil {
		return damaged(m, err)
	}
	p := b.page(monthly(m, "alarms"), alarmHeader)
	t := appendHead(p.text, m)
	for _, text := range []string{string(a.Kind), string(a.State), a.First, a.Last} {
		t = append(appendText(t, text), ',')
	}
	t = append(strconv.AppendInt(t, a.Windows, 10), ',')
	for _, text := range []string{a.Reason, a.Remedy, a.Since, a.Ended} {
		t = append(appendText(t, text), ',')
	}
	p.text = append(appendTime(t, m.At), '\n')
	return nil
}

func appendHead(dst []byte, m outbox.Message) []byte {
	dst = append(appendText(dst, m.ID), ',')
	dst = append(strconv.AppendInt(dst, m.Generation, 10), ',')
	return append(appendText(dst, m.Scheduler), ',')
}

func monthly(m outbox.Message, what string) string {
	return segment(m.Scheduler) + "/" + what + "-" + time.Unix(0, m.Start).UTC().Format("2006-01") + ".csv"
}
