package objstore

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// listPage is one answer to a listing.
type listPage struct {
	objects []Info
	more    bool
	next    string // token of the page after it
}

// readPage reads an answer. It keeps the memory of objects. What stores write,
// mostly, is scanned here: encoding/xml takes ten times as long and twelve
// objects of memory for each that is listed. It reads what is written otherwise.
func readPage(body []byte, objects []Info) (listPage, error) {
	if p, ok := scanPage(body, objects[:0]); ok {
		return p, nil
	}
	return decodePage(body, objects[:0])
}

func decodePage(body []byte, objects []Info) (listPage, error) {
	var list struct {
		XMLName               xml.Name `xml:"ListBucketResult"` // a page of some portal is none
		IsTruncated           bool
		NextContinuationToken string
		Contents              []struct {
			Key, ETag, LastModified string
			Size                    int64
		}
	}
	if err := xml.Unmarshal(body, &list); err != nil {
		return listPage{}, fmt.Errorf("read listing: %w", err)
	}
	p := listPage{objects: objects, more: list.IsTruncated, next: list.NextContinuationToken}
	for _, o := range list.Contents {
		p.objects = append(p.objects, Info{Key: o.Key, Size: o.Size, ETag: strings.Trim(o.ETag, `"`), LastModified: listTime(o.LastModified)})
	}
	return p, nil
}

// scanPage reads a page without attributes but the root's, comments, sections
// and text between elements. It says no to others and to what is not whole.
func scanPage(b []byte, objects []Info) (p listPage, ok bool) {
	p.objects = objects
	var open []string // elements around, but for the root
	in := Info{}
	for root := false; ; {
		between, rest, _ := bytes.Cut(b, []byte{'<'})
		tag, rest, found := bytes.Cut(rest, []byte{'>'})
		if !found || len(tag) == 0 || !blank(between) {
			return p, false
		}
		b = rest
		switch {
		case !root:
			if root = isRoot(tag); !root && !isProlog(tag) {
				return p, false
			}
			continue
		case tag[0] == '/' && len(open) == 0:
			return p, string(tag) == "/ListBucketResult" && blank(b)
		case tag[0] == '/':
			last := open[len(open)-1]
			if string(tag[1:]) != last {
				return p, false
			}
			if open = open[:len(open)-1]; len(open) == 0 && last == "Contents" {
				p.objects = append(p.objects, in)
			}
			continue
		}
		name := elementName(tag)
		end := bytes.IndexByte(b, '<')
		switch {
		case name == "" || end < 0 || end+1 == len(b):
			return p, false
		case b[end+1] != '/': // others are in it
			if len(open) == 0 && name == "Contents" {
				in = Info{}
			}
			if open = append(open, name); len(open) > 8 || leaf(name) {
				return p, false
			}
			continue
		}
		text := b[:end]
		if b, found = bytes.CutPrefix(b[end+2:], []byte(name+">")); !found || !p.value(&in, open, name, text) {
			return p, false
		}
	}
}

// value takes over the text of an element. It says no to what it cannot read.
func (p *listPage) value(in *Info, open []string, name string, text []byte) bool {
	inObject := len(open) == 1 && open[0] == "Contents"
	if len(open) > 0 && !inObject || !leaf(name) {
		return name != "Contents" && plainText(text) // of an owner, say
	}
	var err error
	switch {
	case !plainText(text):
		return false
	case inObject && name == "Key":
		in.Key = unescape(text)
	case inObject && name == "ETag":
		in.ETag = strings.Trim(unescape(text), `"`)
	case inObject && name == "Size":
		in.Size, err = strconv.ParseInt(string(text), 10, 64)
	case inObject && name == "LastModified":
		in.LastModified, err = time.Parse(time.RFC3339Nano, string(text))
	case !inObject && name == "IsTruncated":
		p.more, err = strconv.ParseBool(string(text))
	case !inObject && name == "NextContinuationToken":
		p.next = unescape(text)
	}
	return err == nil
}

// leaf tells the elements that are read.
func leaf(name string) bool {
	switch name {
	case "Key", "ETag", "Size", "LastModified", "IsTruncated", "NextContinuationToken":
		return true
	}
	return false
}

func listTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// isProlog tells the declaration of XML in the one encoding that is read here.
func isProlog(tag []byte) bool {
	switch string(bytes.ToLower(tag)) {
	case `?xml version="1.0" encoding="utf-8"?`, `?xml version="1.0"?`:
		return true
	}
	return false
}

func isRoot(tag []byte) bool {
	attributes, found := bytes.CutPrefix(tag, []byte("ListBucketResult"))
	if !found || len(attributes) == 0 {
		return found
	}
	rest, found := bytes.CutPrefix(attributes, []byte(` xmlns="`))
	space, closed := bytes.CutSuffix(rest, []byte{'"'})
	return found && closed && !bytes.ContainsAny(space, `"&`) && plainText(space)
}

// elementName gives the name of an element without attributes, "" otherwise.
func elementName(tag []byte) string {
	for _, name := range [...]string{"Key", "LastModified", "ETag", "Size", "StorageClass", "Contents"} {
		if string(tag) == name {
			return name // without memory of its own
		}
	}
	for i, c := range tag {
		letter, digit := 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9'
		if !letter && (!digit || i == 0) {
			return ""
		}
	}
	return string(tag)
}

// unescape gives what plain text means.
func unescape(text []byte) string {
	at := bytes.IndexByte(text, '&')
	if at < 0 {
		return string(text)
	}
	out := make([]byte, 0, 64)
	for ; at >= 0; at = bytes.IndexByte(text, '&') {
		name, rest, _ := bytes.Cut(text[at+1:], []byte{';'})
		out, text = append(append(out, text[:at]...), entity(name)), rest
	}
	return string(append(out, text...))
}

// plainText tells text of ASCII with known entities: of the rest not all is
// allowed in XML, and some is read as another character.
func plainText(text []byte) bool {
	for i, c := range text {
		switch {
		case c < ' ' || c >= 0x7f || c == '<' || c == '>':
			return false
		case c == '&':
			if name, _, found := bytes.Cut(text[i+1:], []byte{';'}); !found || entity(name) == 0 {
				return false
			}
		}
	}
	return true
}

func blank(text []byte) bool { return len(bytes.TrimLeft(text, " \t\r\n")) == 0 }

// entity gives the character of one that XML has by itself, or of a number; 0
// for others.
func entity(name []byte) byte {
	switch string(name) {
	case "quot":
		return '"'
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "apos":
		return '\''
	}
	if digits, found := bytes.CutPrefix(name, []byte{'#'}); found {
		if n, err := strconv.ParseUint(string(digits), 10, 8); err == nil && ' ' <= n && n < 0x7f {
			return byte(n)
		}
	}
	return 0
}
