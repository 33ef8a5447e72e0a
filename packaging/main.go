// Command packaging makes the deb and rpm packages: it builds the binaries,
// writes the man pages and the completion from the command line's own tree, and
// packs them with the unit files. It installs nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

// product is a package's name and what is different about it.
type product struct {
	name    string
	tags    string // of the build
	compile string // -gcflags of the build
	profile string // -pgo of the build
	arches  []string
	summary string
	other   string // the package that holds the same files
	serves  bool   // it has the inference service, with a unit of its own
}

// Gateways get the lean build; the server's package has all verbs, and can be an
// agent too.
func products() []product {
	return []product{
		{
			name: "millwright", tags: "agent,nethttpomithttp2", compile: "github.com/aws/...=-l", profile: "bench/absorb.pgo", arches: []string{"amd64", "arm64", "armhf"},
			other:   "millwright-server",
			summary: "gateway agent: sensor CSVs to an inference scheduler's bucket, in time",
		},
		{
			name: "millwright-server", profile: "off", arches: []string{"amd64", "arm64"},
			other: "millwright", serves: true,
			summary: "inference service and gateway agent: sensor CSVs to results",
		},
	}
}

func run(ctx context.Context, args []string) error {
	set := flag.NewFlagSet("packaging", flag.ContinueOnError)
	tree := set.String("tree", "..", "the clone to be packed")
	out := set.String("out", "../dist", "where packages are written to")
	version := set.String("version", "", "their version (default: from git)")
	only := set.String("only", "", "name or name:arch of the packages to make (default: all)")
	if err := set.Parse(args); err != nil {
		return err
	}
	t, err := inspect(ctx, *tree, *version)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	made := 0
	for _, p := range products() {
		for _, arch := range p.arches {
			if *only != "" && *only != p.name && *only != p.name+":"+arch {
				continue
			}
			fmt.Printf("%s for %s, version %s\n", p.name, arch, t.version)
			if err := t.pack(ctx, p, arch, *out); err != nil {
				return fmt.Errorf("%s for %s: %w", p.name, arch, err)
			}
			made++
		}
	}
	if made == 0 {
		return fmt.Errorf("nothing is called %q; there are %s", *only, strings.Join(names(), ", "))
	}
	return nil
}

func names() (all []string) {
	for _, p := range products() {
		all = append(all, p.name)
	}
	return all
}

// source is the clone that is packed.
type source struct {
	dir     string
	version string
	commit  string
	time    time.Time // of the commit; what is packed bears it, so that the same commit gives the same package
}

// inspect asks git what the clone holds.
func inspect(ctx context.Context, dir, version string) (source, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return source{}, err
	}
	s := source{dir: dir, version: version}
	head, err := s.output(ctx, nil, "git", "show", "-s", "--format=%H %cI", "HEAD")
	if err != nil {
		return s, err
	}
	commit, stamp, _ := strings.Cut(strings.TrimSpace(string(head)), " ")
	s.commit = commit
	if s.time, err = time.Parse(time.RFC3339, stamp); err != nil {
		return s, err
	}
	s.time = s.time.UTC()
	if s.version != "" {
		return s, nil
	}
	tag, err := s.output(ctx, nil, "git", "describe", "--tags", "--exact-match", "--match", "v[0-9]*")
	if err == nil {
		s.version = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(string(tag)), "v"), "-", "~")
		return s, nil
	}
	s.version = fmt.Sprintf("0~%s.%s", s.time.Format("20060102150405"), s.commit[:9])
	return s, nil
}

// pack makes the packages of a product for one architecture.
func (s source) pack(ctx context.Context, p product, arch, out string) error {
	stage, err := os.MkdirTemp("", "millwright-packaging-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	if err := s.build(ctx, p, arch, filepath.Join(stage, "millwright")); err != nil {
		return err
	}
	if err := s.pages(ctx, p, stage); err != nil {
		return err
	}
	if err := s.texts(ctx, p, arch, stage); err != nil {
		return err
	}
	for _, format := range []string{"deb", "rpm"} {
		if err := s.write(p, arch, format, stage, out); err != nil {
			return err
		}
	}
	return nil
}

// host is the architecture that the tools of the build run on.
const host = runtime.GOARCH
