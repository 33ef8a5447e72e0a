package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Serve is an inference service on one machine: its folder, its configuration and
// those who may use it. It may be started, killed and started again.
type Serve struct {
	Dir     string // data/, serve.yaml, principals.yaml, log
	Clock   *Clock
	API, S3 string // URLs, the same after every start

	process
}

// Principal is somebody who may use a service.
type Principal struct {
	Name    string   `json:"name"`
	Key     string   `json:"access_key"`
	Secret  string   `json:"secret"`
	Account string   `json:"account"`
	Role    string   `json:"role"`
	Read    []string `json:"read,omitempty"`
	Write   []string `json:"write,omitempty"`
}

// NewServe writes the configuration: settings are keys of it beside those that say
// where everything is. Nothing runs until Start.
func NewServe(t testing.TB, binary string, clock *Clock, settings map[string]any, principals ...Principal) *Serve {
	t.Helper()
	s := &Serve{Dir: t.TempDir(), Clock: clock}
	s.process = process{t: t, name: "the service", binary: binary, log: filepath.Join(s.Dir, "log")}
	var addrs [2]string
	for i := range addrs {
		var err error
		if addrs[i], err = quietAddr(); err != nil {
			t.Fatal(err)
		}
	}
	api, store := addrs[0], addrs[1]
	s.API, s.S3 = "http://"+api, "http://"+store
	all := map[string]any{
		"data_dir": filepath.Join(s.Dir, "data"), "listen": api, "s3_listen": store,
		"log": map[string]any{"level": "info", "format": "json"},
	}
	if len(principals) > 0 {
		all["principals_file"] = filepath.Join(s.Dir, "principals.yaml")
		s.write("principals.yaml", map[string]any{"principals": principals})
	}
	for key, value := range settings {
		all[key] = value
	}
	s.write("serve.yaml", all)
	t.Cleanup(s.end)
	return s
}

// write writes a file as JSON, which is YAML too.
func (s *Serve) write(name string, content any) {
	s.t.Helper()
	text, err := json.MarshalIndent(content, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(s.Dir, name), text, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Start starts the service and waits until it is ready for calls.
func (s *Serve) Start() {
	s.t.Helper()
	s.Launch()
	s.Ready()
}

// Launch starts the service. It does not wait for anything.
func (s *Serve) Launch() {
	s.t.Helper()
	args := []string{"serve", "--config", filepath.Join(s.Dir, "serve.yaml")}
	if s.Clock != nil {
		args = append(args, "--rehearse", s.Clock.Flag())
	}
	s.start([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.Dir, "TZ=UTC", "AWS_EC2_METADATA_DISABLED=true", "GORACE=halt_on_error=1",
	}, args...)
}

// Ready waits until the service is ready for calls.
func (s *Serve) Ready() {
	s.t.Helper()
	client := &http.Client{Timeout: 10 * time.Second}
	s.Await("the service's start", func() string {
		r, err := client.Get(s.API + "/readyz")
		if err != nil {
			return err.Error()
		}
		defer r.Body.Close()
		if r.StatusCode != http.StatusOK {
			return r.Status
		}
		return ""
	})
}

// quietAddr gives an address of this machine that nobody has. It is outside of the
// ports that the kernel gives to connections, so that nobody gets it while the
// program it is for is not running.
func quietAddr() (string, error) {
	least := 32768
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		if n, err := strconv.Atoi(strings.Fields(string(text))[0]); err == nil && n > 2048 {
			least = n
		}
	}
	low := min(10000, least/2)
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", low+rand.IntN(least-low))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr, nil
		}
	}
	return "", errors.New("no port is free")
}
