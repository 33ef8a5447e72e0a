package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// What packaging tells the linker (-X), since a package's version is not the
// module's and not every clone is one that the Go tool can ask for its commit.
var packagedVersion, packagedCommit string

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

// thisBuild is what packaging or else the Go tool wrote into the binary.
func thisBuild() buildFacts {
	facts := builtByGo()
	facts.Version = cmp.Or(packagedVersion, facts.Version)
	if packagedCommit != "" {
		facts.Commit = shortCommit(packagedCommit)
	}
	return facts
}

func builtByGo() buildFacts {
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
			facts.Commit = shortCommit(s.Value)
		case "vcs.time":
			facts.Time = s.Value
		case "vcs.modified":
			facts.Modified = s.Value == "true"
		}
	}
	return facts
}

func shortCommit(hash string) string { return hash[:min(12, len(hash))] }
