//go:build !agent

package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"millwright/agent"
	"millwright/config"
	"millwright/internal/atomicfile"
	"millwright/internal/simulate"
)

// openAgent makes the agent from a file such as a site has.
func (s *stage) openAgent() error {
	for _, component := range simulate.Components() {
		if err := os.MkdirAll(filepath.Join(s.plant.Dir, component), 0o750); err != nil {
			return fmt.Errorf("make the drop folder: %w", err)
		}
	}
	s.config = filepath.Join(s.o.Dir, "millwright.yaml")
	text := settings(s.o.Dir, s.plant.Dir, s.service.S3, s.service.API)
	if err := atomicfile.Write(s.config, []byte(text), 0o640); err != nil {
		return err
	}
	cfg, _, err := config.Load(s.config)
	if err != nil {
		return err
	}
	s.agent = agent.New(cfg, s.clock, s.o.Log.Named("agent"))
	s.agent.CredentialsFile = s.service.Credentials
	s.opened = make(chan string, 1)
	s.agent.Serves = func(url string) {
		select {
		case s.opened <- url:
		default: // once is enough
		}
	}
	return nil
}

// awaitPage waits for the agent's page, which has any port.
func (s *stage) awaitPage(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startWithin, errors.New("the agent does not open its page: its log says why"))
	defer cancel()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case s.page = <-s.opened:
	}
	s.tale.tell("agent", "its page, while this runs: %s", s.page)
	return nil
}

// startWithin is real time.
const startWithin = time.Minute

// settings is the agent's configuration for the run.
func settings(dir, drops, store, service string) string {
	return fmt.Sprintf(`# written by 'millwright demo'; a configuration of your own begins with 'millwright config init'
instance: demo
state_dir: %q
http: {listen: "127.0.0.1:0"}
s3: {region: plant-1, endpoint: %q, path_style: true}
service: {region: plant-1, endpoint: %q}
drops:
  - path: %q
    complete: {rule: rename}
schedulers:
  - name: %s
    components: [pump-7, motor-7]
    data_upload_frequency: PT30M
    data_delay_offset_in_minutes: 15
    target_sampling_rate: PT5M
    input: {bucket: %s, prefix: in/, component_timestamp_delimiter: "_"}
    output: {bucket: %s, prefix: out/}
    results: {timeout: 2h}
limits: {free: 64MiB} # of the disk: this leaves it as soon as it is over
`, stateDir(dir), store, service, drops, name, bucket, bucket)
}

// stateDir is the agent's.
func stateDir(dir string) string { return filepath.Join(dir, "state") }
