//go:build agent

package main

import "github.com/spf13/cobra"

const buildKind = "agent"

// fullVerbs are the verbs that only the full build has: none here.
func fullVerbs() []*cobra.Command { return nil }
