package window

import (
	"strconv"
	"strings"
	"time"
)

const (
	resultLayout = "2006-01-02T15:04:05"
	resultSuffix = "Z/results.jsonl"
)

// ResultKey names the results object of the run on the window at start: the
// window's start in UTC, whatever offset the input names have.
func ResultKey(prefix string, start int64) string {
	return prefix + time.Unix(0, start).UTC().Format(resultLayout) + resultSuffix
}

// ParseResultKey is the inverse of ResultKey. The error is ErrNotWindow.
func ParseResultKey(prefix, key string) (start int64, err error) {
	stamp, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return 0, notWindow(key, "it is not below "+strconv.Quote(prefix))
	}
	if stamp, ok = strings.CutSuffix(stamp, resultSuffix); !ok {
		return 0, notWindow(key, "it does not end in "+resultSuffix)
	}
	t, err := time.Parse(resultLayout, stamp)
	if err != nil || t.Year() < 1678 || t.Year() > 2261 || ResultKey(prefix, t.UnixNano()) != key {
		return 0, notWindow(key, "its folder is no instant")
	}
	return t.UnixNano(), nil
}
