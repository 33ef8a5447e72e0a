package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
)

// output runs a command in the clone and gives what it prints.
func (s source) output(ctx context.Context, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w\n%s", name, args, err, errs.Bytes())
	}
	return out, nil
}

// target is what the Go tool is told about an architecture.
func target(arch string) []string {
	if arch == "armhf" {
		return []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm", "GOARM=7"}
	}
	return []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch}
}

// build makes the binary as it is released: static, without symbol tables and
// build paths, and with the package's version.
func (s source) build(ctx context.Context, p product, arch, path string) error {
	told := "-ldflags=-s -w -X main.packagedVersion=" + s.version + " -X main.packagedCommit=" + s.commit
	_, err := s.output(ctx, target(arch), "go", "build", "-trimpath", told, "-gcflags="+p.compile, "-pgo="+p.profile, "-tags", p.tags, "-o", path, "./cmd/millwright")
	return err
}

// texts writes what goes with a binary: completion, changelog, licences.
func (s source) texts(ctx context.Context, p product, arch, stage string) error {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		text, err := s.output(ctx, target(host), "go", "run", "-tags", p.tags, "./cmd/millwright", "completion", shell)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(stage, "completion."+shell), text, 0o644); err != nil {
			return err
		}
	}
	starter, err := s.output(ctx, target(host), "go", "run", "-tags", p.tags, "./cmd/millwright", "config", "init")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(stage, "agent.yaml"), starter, 0o644); err != nil {
		return err
	}
	for name, path := range map[string]string{
		"changelog": "CHANGELOG.md", "operating.md": "docs/operating.md", "metrics.md": "docs/metrics.md", "sinks.md": "docs/sinks.md", "service.md": "docs/service.md",
	} {
		text, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(path)))
		if err != nil {
			return err
		}
		if err := squeeze(filepath.Join(stage, name+".gz"), text); err != nil {
			return err
		}
	}
	licences, err := s.licences(ctx, p, arch)
	if err != nil {
		return err
	}
	return squeeze(filepath.Join(stage, "third-party-licenses.gz"), licences)
}

// squeeze compresses text; the same text gives the same file.
func squeeze(path string, text []byte) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// library is a module that is linked into the binary.
type library struct{ Path, Version, Dir string }

// licences gives the licence texts of Go and of every module in the binary.
func (s source) licences(ctx context.Context, p product, arch string) ([]byte, error) {
	list, err := s.output(ctx, target(arch), "go", "list", "-deps", "-tags", p.tags, "-json=Module", "./cmd/millwright")
	if err != nil {
		return nil, err
	}
	root, err := s.output(ctx, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	all := map[string]library{"": {Path: "Go's standard library", Dir: string(bytes.TrimSpace(root))}}
	for dec := json.NewDecoder(bytes.NewReader(list)); ; {
		var of struct {
			Module *struct {
				library
				Main bool
			}
		}
		if err := dec.Decode(&of); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if of.Module != nil && !of.Module.Main {
			all[of.Module.Path] = of.Module.library
		}
	}
	var b bytes.Buffer
	for _, l := range slices.SortedFunc(values(all), func(a, b library) int { return cmp.Compare(a.Path, b.Path) }) {
		texts, err := licenceFiles(l.Dir)
		if err != nil {
			return nil, err
		}
		if len(texts) == 0 {
			return nil, fmt.Errorf("%s: no licence in %s", l.Path, l.Dir)
		}
		fmt.Fprintf(&b, "==== %s %s\n", l.Path, l.Version)
		for _, text := range texts {
			b.Write(text)
			b.WriteByte('\n')
		}
	}
	return b.Bytes(), nil
}

func values(m map[string]library) func(func(library) bool) {
	return func(yield func(library) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// licenceFiles gives what a module says of its licence: in files of their own, else
// in its README.
func licenceFiles(dir string) ([][]byte, error) {
	texts, err := filesNamed(dir, regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`))
	if err != nil || len(texts) > 0 {
		return texts, err
	}
	texts, err = filesNamed(dir, regexp.MustCompile(`(?i)^readme(\..*)?$`))
	return slices.DeleteFunc(texts, func(text []byte) bool {
		text = bytes.ToLower(text)
		return !bytes.Contains(text, []byte("copyright")) || !bytes.Contains(text, []byte("permission"))
	}), err
}

// filesNamed gives the content of a folder's files of some names.
func filesNamed(dir string, named *regexp.Regexp) (texts [][]byte, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && named.MatchString(e.Name()) {
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			texts = append(texts, text)
		}
	}
	return texts, nil
}
