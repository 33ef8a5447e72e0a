package sink

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"millwright/internal/outbox"
	"millwright/internal/resultline"
)

var (
	// errReplaced is for a result whose file holds a later generation by now: that
	// one's message follows.
	errReplaced = errors.New("a later result of this window has taken its place")
	// errGone is for a result whose file is not there any more.
	errGone = errors.New("the result is no longer on site: results.keep is over, limits.state needed its room, or it was deleted")
)

// eachRow gives fn the rows of a result. Nothing was given when the error is
// errReplaced or errGone; a file that is damaged may show it only after rows.
func (b *base) eachRow(m outbox.Message, fn func(resultline.Row) error) error {
	var sum outbox.Summary
	if err := json.Unmarshal(m.Body, &sum); err != nil {
		return damaged(m, err)
	}
	file, err := os.Open(filepath.Join(b.state, filepath.FromSlash(m.Path)))
	if errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	if err != nil {
		return fmt.Errorf("read a result: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return fmt.Errorf("read a result: %w", err)
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum.SHA256 {
		return errReplaced
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read a result: %w", err)
	}
	return resultline.Read(file, resultline.Limits{Bytes: size}, fn) // its size was found good when it came
}
