package page

import (
	"bytes"
	"html"
)

// node is a piece of the page: an element, an attribute, text, or several; nil
// is nothing. The usual packages for this are made on html/template, which costs
// the gateway's binary more than all of the page does. For the same reason these
// functions are not inlined into the hundreds of places that call them.
type node struct {
	kind kind
	name string // of an element or attribute
	text string // of an attribute or text; markup of our own for raw
	kids []*node
}

type kind uint8

const (
	element kind = iota
	attribute
	words
	markup
	several
)

//go:noinline
func el(name string, kids ...*node) *node { return &node{kind: element, name: name, kids: kids} }

//go:noinline
func attr(name, value string) *node { return &node{kind: attribute, name: name, text: value} }

//go:noinline
func txt(s string) *node { return &node{kind: words, text: s} }

// raw is markup of our own, into which nothing from outside goes.
//
//go:noinline
func raw(s string) *node { return &node{kind: markup, text: s} }

//go:noinline
func group(kids ...*node) *node { return &node{kind: several, kids: kids} }

// when is n if it is wanted.
//
//go:noinline
func when(wanted bool, n *node) *node {
	if wanted {
		return n
	}
	return nil
}

// times is one node for each i below n.
func times(n int, of func(i int) *node) *node {
	kids := make([]*node, n)
	for i := range kids {
		kids[i] = of(i)
	}
	return group(kids...)
}

// write appends the node as HTML; texts and attributes are escaped.
func (n *node) write(b *bytes.Buffer) {
	if n == nil {
		return
	}
	switch n.kind {
	case element:
		b.WriteString("<" + n.name)
		for _, a := range n.kids {
			if a != nil && a.kind == attribute {
				b.WriteString(" " + a.name + `="` + html.EscapeString(a.text) + `"`)
			}
		}
		b.WriteByte('>')
		if n.name == "meta" || n.name == "link" { // they have no end
			return
		}
		n.inside(b)
		b.WriteString("</" + n.name + ">")
	case words:
		b.WriteString(html.EscapeString(n.text))
	case markup:
		b.WriteString(n.text)
	case several:
		n.inside(b)
	case attribute: // was written with its element
	}
}

func (n *node) inside(b *bytes.Buffer) {
	for _, k := range n.kids {
		k.write(b)
	}
}
