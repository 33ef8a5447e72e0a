package config

import "strings"

// shown is a value as messages may repeat it: of a sink's URL only the host,
// since what is behind it may be as good as a password.
func shown(key, text string) string {
	if !strings.HasPrefix(key, "sinks[") || !strings.HasSuffix(key, "].url") {
		return text
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", text
	} else {
		scheme += "://"
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i] + "/..."
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = "..." + host[i:]
	}
	return scheme + host
}
