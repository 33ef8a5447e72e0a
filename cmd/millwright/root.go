package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

const about = `millwright takes sensor CSVs out of drop folders, resamples them to a model's rate,
cuts them into an inference scheduler's windows and has each window in the bucket
before the scheduler wakes up.`

// newRoot gives the command line with every verb of this build.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:               "millwright",
		Short:             "From sensor CSVs to a scheduler's bucket, in time",
		Long:              about + "\n\n" + exitCodes,
		SilenceErrors:     true, // execute prints them, once
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.AddCommand(
		newRunCommand(),
		newBackfillCommand(),
		newStatusCommand(),
		newResultsCommand(),
		newValidateCommand(),
		newResampleCommand(),
		newConfigCommand(),
		newVersionCommand(),
	)
	root.AddCommand(fullVerbs()...)
	root.SetHelpCommand(newHelpCommand())
	return root
}

// execute runs the verb that args name and gives the exit code. An error from a
// verb that names no code is a failure; one from before the verb ran (unknown
// verb or flag, wrong number of arguments) is wrong usage.
func execute(ctx context.Context, root *cobra.Command, args []string) int {
	codeVerbs(root)
	if len(args) > 0 && args[0] == cobra.ShellCompRequestCmd {
		plainUsage(root)
	}
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	code := codeOf(err)
	if err == nil || err.Error() == "" {
		return code
	}
	fmt.Fprintf(root.ErrOrStderr(), "millwright: %s\n", oneLine(err))
	if code == exitUsage {
		fmt.Fprintf(root.ErrOrStderr(), "see '%s --help'\n", cmd.CommandPath())
	}
	return code
}

// wants are what verbs with arguments want, by the number of them.
func wants(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("nothing to look at: give %s", what)
		case len(args) > most:
			return fmt.Errorf("%q is one argument too many: give %s, in quotes if there are blanks in it", args[most], what)
		}
		return nil
	}
}

// wantsNone refuses arguments of a verb that takes flags only, and says which
// flag a file belongs to.
func wantsNone(flag string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return fmt.Errorf("%q belongs to no flag: write %s --%s %s", args[0], cmd.CommandPath(), flag, args[0])
	}
}

// codeVerbs wraps each verb below cmd so that its errors carry an exit code, and
// makes a group of verbs refuse a verb that it has not.
func codeVerbs(cmd *cobra.Command) {
	if cmd.HasParent() && cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Args = noSuchVerb
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	if verb := cmd.RunE; verb != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			err := orFailure(cmd, args, verb)
			var coded *exitError
			if err == nil || errors.As(err, &coded) {
				return err
			}
			return exit(exitFailed, err)
		}
	}
	for _, sub := range cmd.Commands() {
		codeVerbs(sub)
	}
}

// orFailure runs a verb. Whoever asked for JSON gets some also when there is
// nothing but an error to tell.
func orFailure(cmd *cobra.Command, args []string, verb func(*cobra.Command, []string) error) error {
	if f := cmd.Flag("json"); f == nil || f.Value.String() != "true" {
		return verb(cmd, args)
	}
	out := &begun{Writer: cmd.OutOrStdout()}
	cmd.SetOut(out)
	err := verb(cmd, args)
	if err == nil || err.Error() == "" || out.yes {
		return err
	}
	if e := sayJSON(out, failureOf(err)); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// begun is an output that knows whether anything was written.
type begun struct {
	io.Writer
	yes bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.Writer.Write(p)
}

func noSuchVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	said := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if near := suggesting(cmd).SuggestionsFor(args[0]); len(near) > 0 {
		said += fmt.Sprintf("; did you mean %q?", cmd.CommandPath()+" "+near[0])
	}
	return errors.New(said)
}

// newHelpCommand is help as a verb, for which a verb that is not there is wrong
// usage.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [VERB...]",
		Short: "Print what a verb does and its flags",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			of, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, sub := range of.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, _ := cmd.Root().Find(args)
			if of == nil {
				of, rest = cmd.Root(), args
			}
			if len(rest) > 0 {
				return exit(exitUsage, noSuchVerb(of, rest))
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
	}
}

// suggesting has cmd suggest verbs that are two letters off.
func suggesting(cmd *cobra.Command) *cobra.Command {
	cmd.SuggestionsMinimumDistance = max(cmd.SuggestionsMinimumDistance, 2)
	return cmd
}
