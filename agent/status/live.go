package status

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Live is what only the daemon's own process knows. Its counts begin with the
// process; all others of a Snapshot are sums of the ledger.
type Live struct {
	Build   Build     `json:"build"`
	Started time.Time `json:"started"` // real time
	Hanging string    `json:"hanging,omitempty"`
	Uploads Uploads   `json:"uploads"`
	Sinks   []Sink    `json:"sinks"`
	Process Process   `json:"resources"`
}

// Build says which program this is.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	Kind    string `json:"kind"` // full or agent
}

// Uploads is what the uploader has done since the process started.
type Uploads struct {
	Flying  int              `json:"under_way"`
	Sent    int64            `json:"objects"`
	Bytes   int64            `json:"bytes"`
	Adopted int64            `json:"already_there"` // objects that needed no upload
	Failed  map[string]int64 `json:"failed_attempts"`
	Trouble []Trouble        `json:"trouble"`
}

// Trouble stands between many windows and their bucket.
type Trouble struct {
	Where  string    `json:"where"`
	What   string    `json:"what"`
	Remedy string    `json:"remedy"`
	Since  time.Time `json:"since"` // real time
}

// Sink is where results, events and alarms are delivered to.
type Sink struct {
	Name     string    `json:"name"`
	Target   string    `json:"target"`  // for people
	Sent     int64     `json:"sent"`    // messages since the process started
	Waiting  int64     `json:"waiting"` // messages
	Oldest   time.Time `json:"oldest_waiting,omitzero"`
	SetAside int64     `json:"set_aside"`       // messages that it refuses and that are in quarantine
	Error    string    `json:"error,omitempty"` // why nothing goes out at present, "" when all is well
	Since    time.Time `json:"error_since,omitzero"`
}

// Process is what this process uses of the machine.
type Process struct {
	Resident int64   `json:"resident_bytes"`
	CPU      float64 `json:"cpu_seconds"`
	Files    int     `json:"open_files"`
}

// Measure asks the kernel what this process uses. What it does not tell is 0.
func Measure() Process {
	var p Process
	var use unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &use) == nil {
		p.CPU = time.Duration(use.Utime.Nano() + use.Stime.Nano()).Seconds()
	}
	if b, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := bytes.Fields(b); len(fields) > 1 {
			pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			p.Resident = pages * int64(os.Getpagesize())
		}
	}
	if names, err := os.ReadDir("/proc/self/fd"); err == nil {
		p.Files = len(names)
	}
	return p
}
