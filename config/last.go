package config

import (
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"millwright/internal/yamlfile"
)

// LastFile is the file in state_dir that holds the text of the configuration that
// the daemon runs with, as it was when it was read.
const LastFile = "config.last.yaml"

// Read gives the text of a configuration.
func Read(file string) ([]byte, error) { return yamlfile.Read(file) }

// StateDirIn gives the state_dir that a text means which may have any faults: its
// first line with that key if it is not even YAML. It is "" when there is none to
// be told.
func StateDirIn(text []byte) string {
	var c struct {
		StateDir yaml.Node `yaml:"state_dir"`
	}
	dir := ""
	if root, fault := yamlfile.Root(text); fault == nil && root.Decode(&c) == nil {
		dir = c.StateDir.Value
	} else if m := regexp.MustCompile(`(?m)^["']?state_dir["']?[ \t]*:[ \t]*(.*)$`).FindSubmatch(text); m != nil {
		dir, _, _ = strings.Cut(string(m[1]), " #")
		dir = strings.Trim(strings.TrimSpace(dir), `"'`)
	}
	if dir == "" {
		var c Config
		c.fill()
		dir = c.StateDir
	}
	if !filepath.IsAbs(dir) {
		return ""
	}
	return filepath.Clean(dir)
}
