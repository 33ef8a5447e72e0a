package metrics

import (
	"millwright/agent/status"
)

func rows() []*Metric {
	return []*Metric{
		lasting("millwright_rows_read_total", "Rows read from drops.", nil,
			one(func(s *status.Snapshot) float64 { return float64(s.Rows.Read) })),
		lasting("millwright_rows_total", "Rows by where they ended: windowed (in the bucket), late (in late/), older (left in their drop), quarantined.", []string{"fate"},
			func(s *status.Snapshot, add add) {
				add(float64(s.Rows.Windowed), "windowed")
				add(float64(s.Rows.Late), "late")
				add(float64(s.Rows.Older), "older")
				add(float64(s.Rows.Quarantined), "quarantined")
			}),
		gauge("millwright_rows_waiting", "Rows that are durable and whose window is not closed yet.", nil,
			one(func(s *status.Snapshot) float64 { return float64(s.Rows.Open) })),
		lasting("millwright_quarantined_rows_total", "Rows in quarantine: bad (no usable timestamp or cell), ambiguous (of a local time that comes twice), ahead (of the future).", []string{"reason"},
			func(s *status.Snapshot, add add) {
				add(float64(s.Quarantine.Bad), "bad")
				add(float64(s.Quarantine.Ambiguous), "ambiguous")
				add(float64(s.Quarantine.Ahead), "ahead")
			}),
		lasting("millwright_unreadable_cells_total", "Cells that hold text that is no number.", nil,
			one(func(s *status.Snapshot) float64 { return float64(s.Rows.BadCells) })),
		gauge("millwright_quarantine_files", "Copies in quarantine of files of which no row could be used.", nil,
			one(func(s *status.Snapshot) float64 { return float64(s.Quarantine.Files) })),
		gauge("millwright_drops", "Drops in the ledger by state.", []string{"state"}, func(s *status.Snapshot, add add) {
			for state, n := range s.Drops {
				add(float64(n), string(state))
			}
		}),
	}
}

func machine() []*Metric {
	return []*Metric{
		gauge("millwright_state_used_bytes", "What state_dir and the archives hold.", nil,
			one(func(s *status.Snapshot) float64 { return float64(s.Disk.Used) })),
		gauge("millwright_state_quota_bytes", "What they may hold (limits.state). At the quota no further drops are taken.", nil,
			one(func(s *status.Snapshot) float64 { return float64(s.Disk.Quota) })),
		gauge("millwright_disk_free_bytes", "Free on the file system of state_dir.", nil,
			one(func(s *status.Snapshot) float64 { return float64(s.Disk.Free) })),
		gauge("millwright_disk_free_least_bytes", "What is left free there (limits.free). Below it no further drops are taken.", nil,
			one(func(s *status.Snapshot) float64 { return float64(s.Disk.Keep) })),
		gauge("millwright_disk_size_bytes", "Size of that file system.", nil,
			one(func(s *status.Snapshot) float64 { return float64(s.Disk.Total) })),
		gauge("millwright_clock_settled", "1 while wall time is trusted; 0 after a step: forced sealing, lateness and time-outs wait.", nil,
			one(func(s *status.Snapshot) float64 { return truth(s.Clock.Settled) })),
		gauge("millwright_clock_unsettled_timestamp_seconds", "When the clock stepped; absent while it is trusted.", nil,
			one(func(s *status.Snapshot) float64 { return seconds(s.Clock.Since) })),
		gauge("millwright_clock_timestamp_seconds", "The time that the agent works by, which in a rehearsal is not this machine's.", nil,
			one(func(s *status.Snapshot) float64 { return seconds(s.Time) })),
		gauge("millwright_first_start_timestamp_seconds", "When the agent ran first with this ledger.", nil,
			one(func(s *status.Snapshot) float64 { return seconds(s.FirstStart) })),
		gauge("millwright_attention", "Things that a person should look at; the status page names each with its remedy.", nil,
			one(func(s *status.Snapshot) float64 { return float64(len(s.Attention)) })),
	}
}

// live gives samples only where the snapshot is the daemon's own.
//
//go:noinline
func live(samples func(*status.Live, add)) func(*status.Snapshot, add) {
	return func(s *status.Snapshot, add add) {
		if s.Live != nil {
			samples(s.Live, add)
		}
	}
}

func process() []*Metric {
	value := func(of func(*status.Live) float64) func(*status.Snapshot, add) {
		return live(func(l *status.Live, add add) { add(of(l)) })
	}
	return []*Metric{
		gauge("millwright_build_info", "1, with the version as labels.", []string{"version", "commit", "go_version", "build"},
			live(func(l *status.Live, add add) { add(1, l.Build.Version, l.Build.Commit, l.Build.Go, l.Build.Kind) })),
		gauge("millwright_loops_turning", "1 while every loop of the daemon turns.", nil,
			value(func(l *status.Live) float64 { return truth(l.Hanging == "") })),
		counter("millwright_uploaded_objects_total", "Objects put into buckets.", nil,
			value(func(l *status.Live) float64 { return float64(l.Uploads.Sent) })),
		counter("millwright_uploaded_bytes_total", "Bytes in them.", nil,
			value(func(l *status.Live) float64 { return float64(l.Uploads.Bytes) })),
		counter("millwright_uploads_adopted_total", "Objects that were in the bucket already and needed no upload.", nil,
			value(func(l *status.Live) float64 { return float64(l.Uploads.Adopted) })),
		counter("millwright_upload_retries_total", "Attempts that failed and are made again, by cause.", []string{"cause"},
			live(func(l *status.Live, add add) {
				for cause, n := range l.Uploads.Failed {
					add(float64(n), cause)
				}
			})),
		gauge("millwright_uploads_under_way", "Uploads at this moment.", nil,
			value(func(l *status.Live) float64 { return float64(l.Uploads.Flying) })),
		gauge("millwright_store_troubled", "Conditions that stand between many windows and their bucket, such as a store that does not answer.", nil,
			value(func(l *status.Live) float64 { return float64(len(l.Uploads.Trouble)) })),
		gauge("process_resident_memory_bytes", "Resident memory size in bytes.", nil,
			value(func(l *status.Live) float64 { return float64(l.Process.Resident) })),
		counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", nil,
			value(func(l *status.Live) float64 { return l.Process.CPU })),
		gauge("process_open_fds", "Number of open file descriptors.", nil,
			value(func(l *status.Live) float64 { return float64(l.Process.Files) })),
		gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", nil,
			value(func(l *status.Live) float64 { return seconds(l.Started) })),
	}
}
