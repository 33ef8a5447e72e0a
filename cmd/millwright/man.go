//go:build man

package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// page is what a man page is made of: one verb with its flags and what is below it.
type page struct {
	Name    string   `json:"name"` // with those above it: "millwright config check"
	Use     string   `json:"use"`
	Short   string   `json:"short"`
	Long    string   `json:"long"`
	Example string   `json:"example"`
	Flags   []option `json:"flags"`
	Below   []page   `json:"below"`
}

type option struct {
	Name      string `json:"name"`
	Shorthand string `json:"shorthand"`
	Value     string `json:"value"` // what stands for its value, "" for a switch
	Usage     string `json:"usage"`
	Default   string `json:"default"`
}

// main takes the place of the program's own in builds with -tags man: it prints
// the verbs of the build as JSON, for whoever makes man pages.
func main() {
	root := newRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "\t")
	if err := enc.Encode(pageOf(root)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailed)
	}
}

func pageOf(cmd *cobra.Command) page {
	p := page{Name: cmd.CommandPath(), Use: cmd.UseLine(), Short: cmd.Short, Long: cmd.Long, Example: cmd.Example}
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		p.Flags = append(p.Flags, option{Name: f.Name, Shorthand: f.Shorthand, Value: value, Usage: usage, Default: f.DefValue})
	})
	if cmd.Name() == "completion" {
		return p // the help of its shells is Markdown; --help of each has it
	}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && sub.Name() != "help" {
			p.Below = append(p.Below, pageOf(sub))
		}
	}
	return p
}
