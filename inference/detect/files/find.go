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
	"time"
)

// File is a CSV with sensors of one component.
type File struct {
	Path      string
	Component string
}

// Find gives the files that paths name. A file's component is its name without .csv
// or .csv.gz, in whatever case; of a folder those files count that lie in it, and those
// in the folders in it, whose name is then the component. Folders of years, months and
// days are none: the one above them is. Files of folders that are not read for their
// name are skipped.
func Find(paths []string) (list []File, skipped []string, err error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, nil, fmt.Errorf("find data: %w", err)
		}
		if !info.IsDir() {
			list = append(list, File{p, stem(p)})
			continue
		}
		err = filepath.WalkDir(p, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil || e.IsDir():
				return err
			case isCSV(path):
				list = append(list, File{path, component(p, path)})
			case !strings.HasPrefix(e.Name(), "."):
				skipped = append(skipped, path)
			}
			return nil
		})
		if err != nil {
			return nil, nil, fmt.Errorf("find data: %w", err)
		}
	}
	if len(list) == 0 {
		err := fmt.Errorf("find data: no .csv or .csv.gz in %s", strings.Join(paths, ", "))
		if len(skipped) > 0 {
			err = fmt.Errorf("%w, only %s", err, Few(skipped))
		}
		return nil, nil, err
	}
	slices.SortStableFunc(list, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return list, skipped, nil
}

// Few names the first of many things, and how many others there are.
func Few(names []string) string {
	const most = 4
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(names[:most], ", "), len(names)-most)
}

// component of a file of the folder root.
func component(root, path string) string {
	in, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil || in == "." {
		return stem(path)
	}
	above := root
	if abs, err := filepath.Abs(root); err == nil {
		above = abs
	}
	folders := append([]string{filepath.Base(above)}, strings.Split(in, string(filepath.Separator))...)
	if at := slices.IndexFunc(folders[1:], isDate); at >= 0 {
		return folders[at]
	}
	return folders[len(folders)-1]
}

// isDate tells whether a folder is one of a year, or of a month or a day with its year.
func isDate(folder string) bool {
	digits := strings.NewReplacer("-", "", "_", "").Replace(folder)
	for _, form := range []string{"2006", "200601", "20060102"} {
		if t, err := time.Parse(form, digits); err == nil && t.Year() >= 1970 && t.Year() < 2100 {
			return true
		}
	}
	return false
}

func isCSV(path string) bool {
	p := strings.ToLower(path)
	return strings.HasSuffix(p, ".csv") || strings.HasSuffix(p, ".csv.gz")
}

// stem is a file's name without what says that it is a CSV.
func stem(path string) string {
	name := filepath.Base(path)
	for _, end := range []string{".gz", ".csv"} {
		if at := len(name) - len(end); at >= 0 && strings.EqualFold(name[at:], end) {
			name = name[:at]
		}
	}
	return name
}
