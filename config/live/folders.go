package live

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"millwright/config"
)

func (r *Report) drop(ctx context.Context, i int, d *config.Drop) {
	key := fmt.Sprintf("drops[%d]", i)
	if !r.folder(key+".path", d.Path) {
		return
	}
	if err := readable(d.Path); err != nil {
		r.fault(key+".path", "cannot be listed: "+cause(err), "give the agent's user the rights r and x on it")
		return
	}
	if d.After != config.Keep && unix.Access(d.Path, unix.W_OK|unix.X_OK) != nil {
		r.fault(key+".after", "files cannot be taken away from "+d.Path, "give the agent's user the right w on it, or use after: keep")
	}
	if d.After == config.ToArchive {
		r.writable(key+".archive.dir", d.Archive.Dir)
	}
	r.below(ctx, i, d)
}

func (r *Report) sink(i int, s *config.Sink) {
	key := fmt.Sprintf("sinks[%d]", i)
	if s.Dir != "" {
		r.writable(key+".dir", s.Dir)
	}
	r.secret(key+".hmac_key_file", s.HMACKeyFile)
	r.secret(key+".password_file", s.PasswordFile)
	r.certificates(key+".ca_file", s.CAFile)
}

// folder wants a real folder; a symlink could be turned elsewhere by whoever may
// write beside it.
func (r *Report) folder(key, path string) bool {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.fault(key, "does not exist", "make it: mkdir -p "+path)
	case err != nil:
		r.fault(key, "cannot be looked at: "+cause(err), "give the agent's user the right x on the folders above it")
	case info.Mode()&fs.ModeSymlink != 0:
		remedy := "name the folder itself"
		if real, err := filepath.EvalSymlinks(path); err == nil {
			remedy = "name the folder itself, " + real
		}
		r.fault(key, "is a symbolic link", remedy)
	case !info.IsDir():
		r.fault(key, "is not a folder", "name the folder that holds it")
	default:
		return true
	}
	return false
}

// writable wants a folder in which files can be made, or a place for one.
func (r *Report) writable(key, path string) bool {
	at := existing(path)
	if at == path && !r.folder(key, path) {
		return false
	}
	probe, err := os.CreateTemp(at, ".millwright-check-*")
	if err != nil {
		r.fault(key, fmt.Sprintf("nothing can be written to %s: %s", at, cause(err)), "give the agent's user the rights w and x on it")
		return false
	}
	defer os.Remove(probe.Name())
	_, err = probe.Write([]byte("probe\n"))
	if err = errors.Join(err, probe.Sync(), probe.Close()); err != nil {
		r.fault(key, fmt.Sprintf("nothing can be stored in %s: %s", at, cause(err)), "look at the disk")
		return false
	}
	return true
}

// existing is path, or the nearest folder above it that is there.
func existing(path string) string {
	for {
		if _, err := os.Lstat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
		path = filepath.Dir(path)
	}
}

func readable(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err = f.ReadDir(1); errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (r *Report) secret(key, path string) {
	if path == "" {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		r.unreadable(key, err)
		return
	}
	if len(text) == 0 {
		r.fault(key, "is empty", "put the secret into it")
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o007 != 0 {
		r.warn(key, "can be read by everybody on this machine", "chmod 0600 "+path)
	}
}

func (r *Report) certificates(key, path string) {
	if path == "" {
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		r.unreadable(key, err)
	} else if !x509.NewCertPool().AppendCertsFromPEM(text) {
		r.fault(key, "holds no certificate", "put the authority's certificate into it, as PEM")
	}
}

func (r *Report) unreadable(key string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		r.fault(key, "does not exist", "put the file there, or name the one that is")
		return
	}
	r.fault(key, "cannot be read: "+cause(err), "give the agent's user the right r on it")
}

// cause leaves out the path, which the message has already.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
