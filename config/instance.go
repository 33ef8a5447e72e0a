package config

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// MachineID is what an agent is called when its file names no instance: the
// machine id of the operating system, else the host's name.
func MachineID() (string, error) { return machineID("/etc/machine-id", os.Hostname) }

func machineID(file string, hostname func() (string, error)) (string, error) {
	// A machine that has not been set up yet has no file, an empty one, or the
	// word uninitialized.
	if text, err := os.ReadFile(file); err == nil {
		if id := strings.TrimSpace(string(text)); regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
			return id, nil
		}
	}
	name, err := hostname()
	if err != nil || name == "" {
		return "", fmt.Errorf("name this instance: neither %s nor a host name is there: set instance", file)
	}
	return name, nil
}
