package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// buildFacts is what `version --json` prints.
type buildFacts struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Modified bool   `json:"modified,omitempty"` // built from a tree with uncommitted changes
	Time     string `json:"time,omitempty"`     // of the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Build    string `json:"build"` // full or agent
}

func newVersionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit, Go version and which build this is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			facts := thisBuild()
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(facts)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), facts)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func (b buildFacts) String() string {
	commit := b.Commit
	if b.Modified {
		commit += ", dirty"
	}
	return fmt.Sprintf("millwright %s (commit %s, %s, %s, %s build)", b.Version, commit, b.Go, b.Platform, b.Build)
}

// thisBuild reads what the Go tool wrote into the binary.
func thisBuild() buildFacts {
	facts := buildFacts{
		Version:  "unknown",
		Commit:   "unknown",
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Build:    buildKind,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return facts
	}
	if info.Main.Version != "" {
		facts.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			facts.Commit = s.Value[:min(12, len(s.Value))]
		case "vcs.time":
			facts.Time = s.Value
		case "vcs.modified":
			facts.Modified = s.Value == "true"
		}
	}
	return facts
}
