package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"millwright/config"
)

// completeScheduler has shells complete --scheduler with the names in the
// configuration that --config names.
func completeScheduler(cmd *cobra.Command) {
	must(cmd.RegisterFlagCompletionFunc("scheduler", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		cfg, _, err := config.Load(cmd.Flag("config").Value.String())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return schedulersOf(cfg), cobra.ShellCompDirectiveNoFileComp
	}))
}

func schedulersOf(cfg *config.Config) []string {
	var names []string
	for _, s := range cfg.Schedulers {
		names = append(names, s.Name)
	}
	return names
}

// plainUsage takes the marks of values' names out of what is said of flags:
// help understands them, shells show them.
func plainUsage(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, sub := range cmd.Commands() {
		plainUsage(sub)
	}
}
