// Package files reads a machine's history from CSV files: each file's rows are brought
// to the grid and joined with those of the others, in memory that does not grow with
// their length. It writes nothing but scratch files and knows no models.
package files

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is a CSV with sensors of one component.
type File struct {
	Path      string
	Component string
}

// Find gives the files that paths name. A file's component is its name without .csv
// or .csv.gz; of a folder those files count that lie in it, and those in the folders
// in it, whose name is then the component.
func Find(paths []string) ([]File, error) {
	var all []File
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("find data: %w", err)
		}
		if !info.IsDir() {
			all = append(all, File{p, stem(p)})
			continue
		}
		err = filepath.WalkDir(p, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !isCSV(path) {
				return err
			}
			f := File{path, stem(path)}
			if in := filepath.Dir(path); in != filepath.Clean(p) {
				f.Component = filepath.Base(in)
			}
			all = append(all, f)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("find data: %w", err)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("find data: no .csv or .csv.gz in %s", strings.Join(paths, ", "))
	}
	slices.SortStableFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

func isCSV(path string) bool {
	return strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".csv.gz")
}

func stem(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".csv")
}
