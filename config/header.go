package config

import (
	"strconv"

	"go.yaml.in/yaml/v3"

	"millwright/internal/yamlfile"
)

// Header is the line of the names and, after it, that of the units, counted from
// 1. Nil is auto: they are found.
type Header []int

// UnmarshalYAML reads auto, one line number or a list of them.
func (h *Header) UnmarshalYAML(n *yaml.Node) error {
	wrong := yamlfile.Invalid("is no header", "write auto, the line of the names, or a list of the lines of names and units such as [1, 2]")
	nodes := n.Content
	if n.Kind == yaml.ScalarNode {
		if n.Value == Auto {
			*h = nil
			return nil
		}
		nodes = []*yaml.Node{n}
	}
	if n.Kind == yaml.MappingNode || len(nodes) == 0 || len(nodes) > 2 {
		return wrong
	}
	lines := make(Header, len(nodes))
	for i, node := range nodes {
		line, err := strconv.Atoi(node.Value)
		if node.Kind != yaml.ScalarNode || err != nil || line < 1 || i > 0 && line <= lines[i-1] {
			return wrong
		}
		lines[i] = line
	}
	*h = lines
	return nil
}
