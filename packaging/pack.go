package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // packs .deb
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // packs .rpm
)

// write makes one package file of what lies in stage.
func (s source) write(p product, arch, format, stage, out string) error {
	contents, err := s.contents(p, stage)
	if err != nil {
		return err
	}
	scripts, err := s.scripts(p, format, stage)
	if err != nil {
		return err
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: p.name, Arch: strings.Replace(arch, "armhf", "arm7", 1), Platform: "linux",
		Version: s.version, VersionSchema: "none", Release: "1",
		Section: "net", Priority: "optional", License: "Apache-2.0", Vendor: "millwright",
		Maintainer:  "The millwright authors <millwright@localhost>",
		Description: p.summary + "\n" + about,
		MTime:       s.time, DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Contents: contents, Scripts: scripts, Umask: 0o022,
			Conflicts: []string{p.other}, Replaces: []string{p.other},
			Recommends: []string{"ca-certificates"},
			RPM:        nfpm.RPM{Summary: p.summary, Group: "System/Daemons", BuildHost: "localhost", Compression: "xz"},
			Deb:        nfpm.Deb{Compression: "xz"},
		},
	})
	info.Depends = []string{"systemd >= 247"}
	if format == "deb" {
		info.Depends = []string{"systemd (>= 247)", "init-system-helpers (>= 1.54)", "procps"}
		info.Release = ""
	}
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := packager.Package(info, &b); err != nil {
		return err
	}
	name := filepath.Join(out, packager.ConventionalFileName(info))
	fmt.Printf("%-60s %6.1f MB\n", name, float64(b.Len())/1e6)
	return os.WriteFile(name, b.Bytes(), 0o644)
}

const about = `It takes sensor CSVs out of drop folders, resamples them to a model's sampling
rate, cuts them into an inference scheduler's windows and has each window in the
bucket before the scheduler wakes up, over any outage in between. It keeps the
contract of Amazon Lookout for Equipment and works against any S3 store.`

// contents says what goes where. Everything is root's; what belongs to the
// service's user is made by systemd.
func (s source) contents(p product, stage string) (files.Contents, error) {
	var all files.Contents
	add := func(mode fs.FileMode, from, to string) {
		all = append(all, &files.Content{Source: from, Destination: to, FileInfo: &files.ContentFileInfo{Mode: mode, Owner: "root", Group: "root", MTime: s.time}})
	}
	doc := "/usr/share/doc/" + p.name
	add(0o755, filepath.Join(stage, "millwright"), "/usr/bin/millwright")
	unit := filepath.Join(s.dir, "systemd", "millwright")
	add(0o644, unit+".service", "/usr/lib/systemd/system/millwright.service")
	add(0o644, unit+".sysusers", "/usr/lib/sysusers.d/millwright.conf")
	add(0o644, unit+".tmpfiles", "/usr/lib/tmpfiles.d/millwright.conf")
	if p.serves {
		serve := filepath.Join(s.dir, "systemd", "millwright-serve")
		add(0o644, serve+".service", "/usr/lib/systemd/system/millwright-serve.service")
		add(0o644, serve+".sysusers", "/usr/lib/sysusers.d/millwright-serve.conf")
		add(0o644, serve+".tmpfiles", "/usr/lib/tmpfiles.d/millwright-serve.conf")
		add(0o644, filepath.Join(s.dir, "systemd", "serve.yaml"), doc+"/examples/serve.yaml")
		add(0o644, filepath.Join(s.dir, "inference", "config", "serve.schema.json"), doc+"/serve.schema.json")
		add(0o644, filepath.Join(stage, "service.md.gz"), doc+"/service.md.gz")
	}
	add(0o644, filepath.Join(stage, "completion.bash"), "/usr/share/bash-completion/completions/millwright")
	add(0o644, filepath.Join(stage, "completion.zsh"), "/usr/share/zsh/vendor-completions/_millwright")
	add(0o644, filepath.Join(stage, "completion.fish"), "/usr/share/fish/vendor_completions.d/millwright.fish")
	add(0o644, filepath.Join(stage, "agent.yaml"), doc+"/examples/agent.yaml")
	add(0o644, filepath.Join(s.dir, "config", "agent.schema.json"), doc+"/agent.schema.json")
	add(0o644, filepath.Join(s.dir, "docs", "prometheus", "alerts.yml"), doc+"/prometheus/alerts.yml")
	add(0o644, filepath.Join(s.dir, "docs", "grafana", "millwright.json"), doc+"/grafana/millwright.json")
	for _, text := range []string{"changelog", "operating.md", "metrics.md", "sinks.md", "third-party-licenses"} {
		add(0o644, filepath.Join(stage, text+".gz"), doc+"/"+text+".gz")
	}
	add(0o644, filepath.Join(s.dir, "packaging", "copyright"), doc+"/copyright")
	pages, err := filepath.Glob(filepath.Join(stage, "man", "*.gz"))
	if err != nil || len(pages) == 0 {
		return nil, fmt.Errorf("no man pages: %w", err)
	}
	for _, page := range pages {
		section := strings.TrimSuffix(page, ".gz")
		add(0o644, page, "/usr/share/man/man"+section[len(section)-1:]+"/"+filepath.Base(page))
	}
	return all, nil
}

// scripts fills the product's name into the scripts of a format.
func (s source) scripts(p product, format, stage string) (nfpm.Scripts, error) {
	fill := strings.NewReplacer("@PACKAGE@", p.name)
	place := func(name string) (string, error) {
		text, err := os.ReadFile(filepath.Join(s.dir, "packaging", "scripts", format, name))
		if err != nil {
			return "", err
		}
		path := filepath.Join(stage, format+"."+name)
		return path, os.WriteFile(path, []byte(fill.Replace(string(text))), 0o755)
	}
	var paths [3]string
	for i, name := range []string{"postinst", "prerm", "postrm"} {
		var err error
		if paths[i], err = place(name); err != nil {
			return nfpm.Scripts{}, err
		}
	}
	return nfpm.Scripts{PostInstall: paths[0], PreRemove: paths[1], PostRemove: paths[2]}, nil
}
