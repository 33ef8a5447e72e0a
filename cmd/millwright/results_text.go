package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// tableWidth is what tables and sentences fit in, in characters, unless a single
// name is longer.
const tableWidth = 80

// tell is say for sentences: it begins with indent, and so do further lines, by two
// more. Words are left whole, since people copy names, paths and keys; so are those
// of whole.
func tell(w io.Writer, indent, format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = plain(s)
		}
	}
	line, begun := indent, false
	for word := range strings.SplitSeq(fmt.Sprintf(format, args...), " ") {
		switch {
		case !begun:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > tableWidth:
			fmt.Fprintln(w, strings.ReplaceAll(line, hardSpace, " "))
			line = indent + "  " + word
		default:
			line += " " + word
		}
		begun = true
	}
	fmt.Fprintln(w, strings.ReplaceAll(line, hardSpace, " "))
}

// hardSpace is a blank at which tell begins no line.
const hardSpace = "\u00a0"

// whole keeps words in one line.
func whole(text string) string { return strings.ReplaceAll(text, " ", hardSpace) }

// pad fills text up with blanks to width characters.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// cut keeps the first characters of text and says so if that is not all.
func cut(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	if width < 4 {
		return string(runes[:max(0, width)])
	}
	return string(runes[:width-3]) + "..."
}

// wrapped breaks text into lines of at most width characters, between words
// where it can.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > width { // a key, for instance
			if line != "" {
				lines, line = append(lines, line), ""
			}
			runes := []rune(word)
			lines, word = append(lines, string(runes[:width])), string(runes[width:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
