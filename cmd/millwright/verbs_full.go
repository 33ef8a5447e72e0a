//go:build !agent

package main

import "github.com/spf13/cobra"

const buildKind = "full"

// fullVerbs are the verbs that only the full build has.
func fullVerbs() []*cobra.Command {
	return []*cobra.Command{newServeCommand(), newDemoCommand(), newTrainCommand(), newScoreCommand(), newEvaluateCommand(), newModelCommand()}
}
