package page

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"millwright/agent/status"
	"millwright/internal/diskspace"
)

// gateway is what concerns no single scheduler.
func gateway(s *status.Snapshot) *node {
	return el("article", attr("class", "gateway"), attr("aria-labelledby", "gateway"),
		el("div", attr("class", "head"), el("h2", attr("id", "gateway"), txt("Gateway")), el("p", txt(s.StateDir))),
		el("dl", attr("class", "facts"),
			fact("Disk", group(
				meter(s.Disk.Used, s.Disk.Quota),
				txt(fmt.Sprintf("%s of %s used by the agent; the disk has %s free, %s is kept", diskspace.Binary(s.Disk.Used), diskspace.Binary(s.Disk.Quota), diskspace.Binary(s.Disk.Free), diskspace.Binary(s.Disk.Keep))),
			)),
			fact("Clock", txt(clock(s))),
			fact("Rows", txt(fmt.Sprintf("%s read: %s in windows, %s waiting, %s late, %s in quarantine, %s left in their drops",
				grouped(s.Rows.Read), grouped(s.Rows.Windowed), grouped(s.Rows.Open), grouped(s.Rows.Late), grouped(s.Rows.Quarantined), grouped(s.Rows.Older)))),
			fact("Quarantine", txt(fmt.Sprintf("%s rows unreadable, %s ambiguous, %s of the future; %s",
				grouped(s.Quarantine.Bad), grouped(s.Quarantine.Ambiguous), grouped(s.Quarantine.Ahead), plural(int(s.Quarantine.Files), "whole file")))),
			fact("Drops", txt(drops(s))),
			live(s.Live, s),
		),
	)
}

func fact(name string, value *node) *node { return el("div", el("dt", txt(name)), el("dd", value)) }

func live(l *status.Live, s *status.Snapshot) *node {
	if l == nil {
		return nil
	}
	return group(
		fact("Uploads", txt(fmt.Sprintf("%s objects, %s since the agent started; %d under way; %s", grouped(l.Uploads.Sent), diskspace.Binary(l.Uploads.Bytes), l.Uploads.Flying, retries(l.Uploads.Failed)))),
		when(len(l.Sinks) > 0, fact("Sinks", el("ul", times(len(l.Sinks), func(i int) *node {
			k := &l.Sinks[i]
			return el("li", txt(k.Target+": "), when(k.Waiting == 0, txt("✓ has everything")), when(k.Waiting > 0, txt(fmt.Sprintf("%s waiting, the oldest for %s", plural(int(k.Waiting), "message"), length(s.Time.Sub(k.Oldest))))), when(k.Error != "", txt("; ✕ "+k.Error)))
		})))),
		fact("Process", txt(fmt.Sprintf("%s resident, %s of CPU; running since %s", diskspace.Binary(l.Process.Resident), seconds(l.Process.CPU), l.Started.UTC().Format("2 Jan 15:04")))),
	)
}

func seconds(s float64) string { return fmt.Sprintf("%.0f s", s) }

func clock(s *status.Snapshot) string {
	if s.Clock.Rehearsal != nil {
		return "rehearsal: " + s.Clock.Rehearsal.Words()
	}
	if s.Clock.Settled {
		return "✓ trusted"
	}
	return "✕ " + s.Clock.Reason
}

// retries names what uploads failed of, the most frequent first.
func retries(failed map[string]int64) string {
	type cause struct {
		word string
		n    int64
	}
	var causes []cause
	for word, n := range failed {
		if n > 0 {
			causes = append(causes, cause{word, n})
		}
	}
	if len(causes) == 0 {
		return "no retries"
	}
	sort.Slice(causes, func(i, j int) bool {
		return causes[i].n > causes[j].n || causes[i].n == causes[j].n && causes[i].word < causes[j].word
	})
	words := make([]string, len(causes))
	for i, c := range causes {
		words[i] = fmt.Sprintf("%s %s", grouped(c.n), strings.ReplaceAll(c.word, "_", " "))
	}
	return "retries: " + strings.Join(words, ", ")
}

func drops(s *status.Snapshot) string {
	var words []string
	for state, n := range s.Drops {
		words = append(words, fmt.Sprintf("%s %s", grouped(n), state))
	}
	slices.Sort(words)
	if len(words) == 0 {
		return "none yet"
	}
	return strings.Join(words, ", ") + "; last taken " + age(s.LastTaken, s.Time)
}

func meter(used, quota int64) *node {
	part := 0.0
	if quota > 0 {
		part = min(1, float64(used)/float64(quota))
	}
	class := "meter"
	if part >= 0.9 {
		class = "meter full"
	}
	return raw(fmt.Sprintf(`<svg class="%s" aria-hidden="true"><rect class="rest" width="100%%" height="100%%" rx="3"/><rect width="%.1f%%" height="100%%" rx="3"/></svg>`, class, 100*part))
}
