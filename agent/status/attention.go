package status

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"millwright/internal/drop"
	"millwright/internal/ledger"
)

// Attention is something a person should look at.
type Attention struct {
	About  string    `json:"about"`
	What   string    `json:"what"`
	Remedy string    `json:"remedy"`
	Since  time.Time `json:"since,omitzero"`
}

// What the daemon notes of its clock: that it is not trusted, or that it is a
// rehearsal's.
const (
	ClockScope     = "clock"
	ClockUnsettled = "unsettled"
	ClockRehearsed = "rehearsal"
)

// attend adds what needs attention: what holds everything up first, then each
// scheduler's, then single files.
func (src Source) attend(ctx context.Context, s *Snapshot, sum ledger.Summary) error {
	if !s.Running {
		s.ask(s.StateDir, "the daemon is not running", "start it with 'millwright run', or its service, and look at its log", time.Time{})
	}
	rehearsal, is := Rehearsed(sum.Notices)
	for _, n := range sum.Notices {
		if n.Scope == ClockScope && n.Code == ClockRehearsed {
			continue // it is as somebody wants it
		}
		if n.Scope == ClockScope && n.Code == ClockUnsettled {
			s.Clock = Clock{Reason: n.Text, Since: n.At}
		}
		s.ask(n.Scope, n.Text, n.Remedy, n.At)
	}
	if is {
		s.Clock.Rehearsal = &rehearsal
	}
	if s.Live != nil {
		s.live()
	}
	streams := map[string][]ledger.Stream{}
	for _, st := range sum.Streams {
		streams[st.Scheduler] = append(streams[st.Scheduler], st)
	}
	for i := range s.Schedulers {
		sc := &s.Schedulers[i]
		for _, st := range streams[sc.Name] {
			s.stream(st)
		}
		sc.Unscored = sc.unscored()
	}
	if err := s.refused(ctx, src.Ledger); err != nil {
		return err
	}
	return s.unusable()
}

// ask adds something, unless it was said already: an outage is told by the store
// and by each window that waits for it.
func (s *Snapshot) ask(about, what, remedy string, since time.Time) {
	for i := range s.Attention {
		if s.Attention[i].What == what && s.Attention[i].Remedy == remedy && within(about, s.Attention[i].About) {
			return
		}
	}
	s.Attention = append(s.Attention, Attention{About: about, What: what, Remedy: remedy, Since: since})
}

// within tells whether something about a scheduler's component is already said
// about the component, its scheduler or the store.
func within(about, said string) bool {
	return about == said || said == "store" || strings.HasPrefix(about, said+"/")
}

func (s *Snapshot) live() {
	if s.Live.Hanging != "" {
		s.ask("process", "loops hang: "+s.Live.Hanging, "the service manager restarts the agent if its watchdog is on; else restart it, and look at the disk's health", time.Time{})
	}
	for _, t := range s.Live.Uploads.Trouble {
		s.ask(t.Where, t.What, t.Remedy, t.Since)
	}
}

func (s *Snapshot) stream(st ledger.Stream) {
	about := st.Scheduler + "/" + st.Component
	if st.Silent > 0 {
		s.ask(about, fmt.Sprintf("%s no file, since the component had nothing to say: the service fails their whole run", count(st.Silent, "window has", "windows have")),
			"look whether the logger still writes, and at its files with 'millwright status drop PATH'", st.LastSealedAt)
	}
	if st.Error != "" {
		s.ask(about, st.Error, st.Remedy, st.ErrorAt)
	}
}

// unscored counts the newest windows in a row whose results did not come; what
// to do about them is in a notice.
func (sc *Scheduler) unscored() (n int64) {
	for i := len(sc.Windows) - 1; i >= 0; i-- {
		switch c := sc.Windows[i]; {
		case c.Stage == Missing || c.Stage == Failed:
			n++
		case n > 0 || c.Stage == Delivered:
			return n
		}
	}
	return n
}

// refusedShown is how many refused drops a snapshot names.
const refusedShown = 5

func (s *Snapshot) refused(ctx context.Context, led *ledger.Ledger) error {
	refused, err := led.Drops(ctx, ledger.DropFilter{State: drop.Refused, Limit: refusedShown})
	if err != nil {
		return err
	}
	for _, d := range refused {
		s.ask(filepath.Join(d.Folder, d.Name), "not taken: "+d.Reason, "correct what the reason names: the file itself, or the component rule or csv settings of its drop folder, then reload ('systemctl reload millwright'); it stays where it is, and is tried again when it changes and at each reload or start", d.TakenAt)
	}
	return nil
}

// unusable points at whole files of which nothing could be used.
func (s *Snapshot) unusable() error {
	dir := filepath.Join(s.StateDir, "quarantine")
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) { // there is none before the first start
		return fmt.Errorf("look into the quarantine: %w", err)
	}
	last := time.Time{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".reason.txt") {
			s.Quarantine.Files++
			last = later(last, info.ModTime().UTC())
		}
	}
	if n := s.Quarantine.Files; n > 0 {
		s.ask(dir, fmt.Sprintf("no row could be used of %s copied there", count(n, "file, which is", "files, which are")),
			"read the .reason.txt beside each, correct csv in the configuration and drop the files again; then delete the copies", last)
	}
	return nil
}

// count is a number with the words for one or for more.
func count(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
