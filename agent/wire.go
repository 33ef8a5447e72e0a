package agent

import (
	"path/filepath"
	"strings"
	"time"

	"millwright/agent/status"
	"millwright/config"
	"millwright/ingest/seal"
	"millwright/ingest/take"
	"millwright/internal/fingerprint"
	"millwright/internal/objstore"
)

// dirs is where things lie in the state folder.
type dirs struct{ state string }

func (d dirs) segments() string   { return filepath.Join(d.state, "spool", "segments") }
func (d dirs) windows() string    { return filepath.Join(d.state, "spool", "windows") }
func (d dirs) key() string        { return filepath.Join(d.state, fingerprint.KeyFile) }
func (d dirs) quarantine() string { return filepath.Join(d.state, "quarantine") }

// Streams gives every component of every scheduler with its settings resolved.
// Two schedulers whose objects have the same keys are one stream, that of the
// first (ruling 3); the configuration has refused those that differ.
func Streams(cfg *config.Config) []seal.Stream {
	var streams []seal.Stream
	for _, p := range pipes(cfg) {
		for _, st := range p.Streams {
			if st.Scheduler == p.Name {
				streams = append(streams, st)
			}
		}
	}
	return streams
}

// pipes gives every scheduler with the streams behind its components, which are
// an earlier one's where the keys are the same.
func pipes(cfg *config.Config) []status.Pipe {
	var out []status.Pipe
	known := map[string]seal.Stream{} // by the key of the first window
	for i := range cfg.Schedulers {
		s := &cfg.Schedulers[i]
		p := status.Pipe{Name: s.Name, Cadence: s.Cadence()}
		for _, component := range s.Components {
			key := s.Input.Bucket + "\x00" + s.Naming().Key(component, 0)
			if _, shared := known[key]; !shared {
				known[key] = stream(s, component)
			}
			p.Streams = append(p.Streams, known[key])
		}
		out = append(out, p)
	}
	return out
}

func stream(s *config.Scheduler, component string) seal.Stream {
	return seal.Stream{
		Scheduler:       s.Name,
		Component:       component,
		Bucket:          s.Input.Bucket,
		Cadence:         s.Cadence(),
		Naming:          s.Naming(),
		Schema:          s.Schema[component],
		Spec:            s.Resample.Spec(),
		Sensors:         s.Resample.Specs(),
		OverdueMax:      s.Late.OverdueMax.Duration(),
		OnConflict:      string(s.Late.OnConflict),
		RequireRealRows: s.Late.RequireRealRows,
	}
}

// Store gives the settings of the object store.
func Store(cfg *config.Config) objstore.Settings {
	return objstore.Settings{
		Region:    cfg.S3.Region,
		Endpoint:  cfg.S3.Endpoint,
		PathStyle: cfg.S3.PathStyle,
		CAFile:    cfg.S3.CAFile,
		Proxy:     cfg.S3.Proxy,
		KMSKeyID:  cfg.S3.KMSKeyID,
	}
}

// aheads gives each scheduler's max_ahead.
func aheads(cfg *config.Config) map[string]time.Duration {
	m := map[string]time.Duration{}
	for _, s := range cfg.Schedulers {
		m[s.Name] = s.Late.MaxAhead.Duration()
	}
	return m
}

// aftermaths says what becomes of each folder's drops.
func aftermaths(cfg *config.Config) map[string]aftermath {
	m := map[string]aftermath{}
	for _, d := range cfg.Drops {
		a := aftermath{folder: d.Path, after: string(d.After), dir: d.Archive.Dir, gzip: d.Archive.Gzip.On()}
		if d.Complete.Rule == config.Marker {
			a.marker = d.Complete.Marker
		}
		m[d.Path] = a
	}
	return m
}

// archives gives the archive folders with their bounds; where several drop
// folders share one, the tightest bounds hold.
func archives(cfg *config.Config) []archiveRule {
	var rules []archiveRule
	at := map[string]int{}
	for _, d := range cfg.Drops {
		if d.After != config.ToArchive {
			continue
		}
		r := archiveRule{dir: d.Archive.Dir, keep: d.Archive.Keep.Duration(), max: d.Archive.Max.Bytes()}
		i, shared := at[r.dir]
		if !shared {
			at[r.dir] = len(rules)
			rules = append(rules, r)
			continue
		}
		rules[i].keep = tighter(rules[i].keep, r.keep)
		rules[i].max = tighter(rules[i].max, r.max)
	}
	return rules
}

// outlying gives the archive folders that are not below the state folder.
func outlying(cfg *config.Config) []string {
	var dirs []string
	for _, r := range archives(cfg) {
		if outside(cfg.StateDir, r.dir) {
			dirs = append(dirs, r.dir)
		}
	}
	return dirs
}

// tighter is the smaller of two bounds of which 0 means none.
func tighter[T ~int64](a, b T) T {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// outside tells whether dir is not below parent.
func outside(parent, dir string) bool {
	rel, err := filepath.Rel(parent, dir)
	return err != nil || rel == ".." || strings.HasPrefix(rel, "../")
}

// folders gives the drop folders with their settings resolved.
func folders(cfg *config.Config) ([]take.Folder, error) {
	var out []take.Folder
	for i := range cfg.Drops {
		d := &cfg.Drops[i]
		rule, err := take.ParseComponent(d.Component)
		if err != nil {
			return nil, err // refused by the load
		}
		out = append(out, take.Folder{
			Path:      d.Path,
			Include:   d.Include,
			Component: rule,
			Complete:  take.Complete{Rule: take.Rule(d.Complete.Rule), Settle: d.Complete.Settle.Duration(), Marker: d.Complete.Marker},
			Rename:    d.CSV.Rename,
			CSV:       d.Options(cfg.Limits),
		})
	}
	return out, nil
}
