package agent

import (
	"compress/gzip"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"millwright/internal/atomicfile"
	"millwright/internal/drop"
)

// dayLayout is how the archive's folders are named.
const dayLayout = "20060102"

// store copies the drop into the archive, by the day on which it was taken, and
// returns where it will be once the pass is committed.
func (p *putting) store(root *os.Root, d drop.Drop, to aftermath) (string, error) {
	src, err := root.OpenFile(d.Name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe put in its place cannot block
	if err != nil {
		return "", err
	}
	defer src.Close()
	if st, err := src.Stat(); err != nil || !unchanged(st, d) {
		return "", errors.Join(errors.New("the file has just changed: it is looked at again"), err)
	}
	squeeze := to.gzip && !strings.HasSuffix(d.Name, ".gz")
	target := p.target(d, to, squeeze)
	out, err := atomicfile.Create(target, 0o640)
	if err != nil {
		return "", err
	}
	if err := fill(out, src, d, squeeze); err != nil {
		_ = out.Close() // the first error counts
		return "", err
	}
	p.targets[target] = true
	p.copies = append(p.copies, out)
	return target, nil
}

// target gives a name that no other archived file has.
func (p *putting) target(d drop.Drop, to aftermath, squeeze bool) string {
	suffix := ""
	if squeeze {
		suffix = ".gz"
	}
	target := filepath.Join(to.dir, d.TakenAt.UTC().Format(dayLayout), filepath.FromSlash(d.Name))
	if _, err := os.Lstat(target + suffix); err != nil && !p.targets[target+suffix] {
		return target + suffix
	}
	ext := filepath.Ext(d.Name) // an earlier file of that name
	base := strings.TrimSuffix(target, ext) + "~" + hex.EncodeToString(d.Identity[:4])
	if p.targets[base+ext+suffix] { // the same content under the same name, from another folder
		base += fmt.Sprintf("-%d", d.ID)
	}
	return base + ext + suffix
}

func fill(out *atomicfile.File, src io.Reader, d drop.Drop, squeeze bool) error {
	var w io.Writer = out
	var z *gzip.Writer
	if squeeze {
		z = gzip.NewWriter(out)
		z.Name, z.ModTime = filepath.Base(d.Name), d.ModTime
		w = z
	}
	n, err := io.Copy(w, src)
	if err != nil {
		return fmt.Errorf("copy into the archive: %w", err)
	}
	if n != d.Size {
		return fmt.Errorf("copy into the archive: read %d bytes of %d: the file is changing", n, d.Size)
	}
	if z != nil {
		if err := z.Close(); err != nil {
			return fmt.Errorf("compress into the archive: %w", err)
		}
	}
	return os.Chtimes(out.Name(), d.ModTime, d.ModTime)
}
