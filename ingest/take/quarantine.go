package take

import (
	"bufio"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"millwright/internal/atomicfile"
)

// rowsFile collects the rows and cells of a drop that cannot be used: columns
// line, column, reason, text. The first kilobytes stay in memory, so a good drop
// costs nothing; the file gets its name, which needs the drop's identity, at the
// end.
type rowsFile struct {
	dir   string
	limit int64
	first string // the first fault, in words
	count int64
	size  int64
	buf   *bufio.Writer
	csv   *csv.Writer
	temp  *os.File
	err   error
}

// errTooManyFaults ends the reading of a drop: it is refused rather than taken
// for a few of its rows.
var errTooManyFaults = errors.New("too many rows and cells cannot be used")

func (q *rowsFile) add(line int64, column, reason, text string) {
	if q.err != nil {
		return
	}
	if q.count++; q.csv == nil {
		q.first = fmt.Sprintf("line %d, column %q: %s: %.60q", line, column, reason, text)
		q.err = q.open()
	}
	if q.size += int64(len(column)+len(reason)+len(text)) + 16; q.size > q.limit {
		q.err = errTooManyFaults
	}
	if q.err == nil {
		q.err = q.csv.Write([]string{strconv.FormatInt(line, 10), plain(column), reason, plain(text)})
	}
}

func (q *rowsFile) open() (err error) {
	if err := os.MkdirAll(q.dir, 0o750); err != nil {
		return err
	}
	if q.temp, err = os.CreateTemp(q.dir, ".rows-*"+atomicfile.TempSuffix); err != nil {
		return err
	}
	q.buf = bufio.NewWriterSize(q.temp, 16<<10)
	q.csv = csv.NewWriter(q.buf)
	return q.csv.Write([]string{"line", "column", "reason", "text"})
}

// commit makes the file durable as name, except for the folder's entry, which
// is the caller's to sync before the ledger. It tells whether there is a file.
func (q *rowsFile) commit(name string) (bool, error) {
	if q.csv == nil || q.err != nil {
		return false, q.err
	}
	q.csv.Flush()
	err := errors.Join(q.csv.Error(), q.buf.Flush())
	if err == nil {
		err = q.temp.Chmod(0o640)
	}
	if err == nil {
		err = q.temp.Sync()
	}
	err = errors.Join(err, q.temp.Close())
	if err == nil {
		err = os.Rename(q.temp.Name(), filepath.Join(q.dir, name))
	}
	q.csv = nil
	if err != nil {
		return false, errors.Join(fmt.Errorf("write quarantine %s: %w", name, err), os.Remove(q.temp.Name()))
	}
	return true, nil
}

// discard removes what was collected. It does nothing after commit.
func (q *rowsFile) discard() {
	if q.temp != nil && q.csv != nil {
		_ = q.temp.Close()
		_ = os.Remove(q.temp.Name()) // a rest is removed with the other temp files at start
	}
	q.csv, q.temp = nil, nil
}

// setAside copies a file of which nothing can be used into quarantine, with its
// reason. Both are durable when it returns.
func setAside(dir, name, reason string, in io.Reader) error {
	if _, err := atomicfile.Copy(filepath.Join(dir, name), in, 0o640); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, name+".reason.txt"), []byte(reason+"\n"), 0o640)
}

// quarantineName is the drop's name in quarantine: taken again after a crash it
// is the same. The drop's own name is somebody else's text.
func quarantineName(identity [32]byte, name string) string {
	base := strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == utf8.RuneError || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, path.Base(name))
	for len(base) > 200 {
		_, n := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-n]
	}
	return hex.EncodeToString(identity[:6]) + "-" + base
}

// plain keeps text text when a spreadsheet opens the file.
func plain(s string) string {
	if s == "" || !strings.ContainsRune("=+@\t\r-", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64); err == nil {
		return s
	}
	return "'" + s
}
