package agent

import (
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/config"
	"millwright/upload"
)

func TestStatusLine(t *testing.T) {
	t.Parallel()
	cfg, _, err := config.Parse("agent.yaml", []byte(`
drops: [{path: /srv/drop}]
schedulers:
  - {name: hourly, data_upload_frequency: PT1H, target_sampling_rate: PT1M, input: {bucket: plant, prefix: a/}, output: {bucket: plant, prefix: b/}}
  - {name: pump-7, data_upload_frequency: PT5M, data_delay_offset_in_minutes: 7, target_sampling_rate: PT1M, input: {bucket: plant, prefix: c/}, output: {bucket: plant, prefix: d/}}
`))
	if err != nil {
		t.Fatal(err)
	}
	_, board := emptyBoard(t)
	line := &statusLine{board: board, fresh: make(chan struct{}, 1)}
	now := time.Date(2026, 1, 5, 8, 21, 0, 0, time.UTC)
	if got := line.text(now); got != "starting" {
		t.Errorf("before everything is open: %q", got)
	}
	line.set(cfg, upload.New(nil, nil, time.Now, upload.Settings{}, zap.NewNop()))
	// 08:10 to 08:15 has its wake-up at 08:22, two windows after its start.
	want := "next wake-up 08:22:00Z of pump-7, window 08:10:00Z to 08:15:00Z; no window waits"
	if got := line.text(now); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	board.stand(t.Context(), "clock", "unsettled", "the clock is not trusted", "")
	board.stand(t.Context(), "disk", "full", "no room", "")
	want += "; needs attention: disk: no room; and 1 more"
	if got := line.text(now); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
