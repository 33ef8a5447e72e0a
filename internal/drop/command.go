package drop

import (
	"path"
	"strconv"
	"strings"
	"unicode"
)

// Backfill is the command that uploads the rows of a drop that were left in its
// file, for a person to paste.
func (d Drop) Backfill() string {
	return "millwright backfill --config FILE " + shellWord(path.Join(d.Folder, d.Name))
}

// shellWord writes a path as one word of a command. Names of files are somebody
// else's, and may hold another command.
func shellWord(path string) string {
	if !strings.ContainsFunc(path, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("/._-+:,@%=", r))
	}) {
		return path
	}
	if strings.ContainsFunc(path, unicode.IsControl) { // quotes do not keep these from a terminal
		q := strconv.QuoteToASCII(path)
		return "$'" + strings.NewReplacer(`\"`, `"`, `\\`, `\\`, "'", `\'`).Replace(q[1:len(q)-1]) + "'"
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
