package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
)

// schema is what the page on the configuration needs of a JSON Schema.
type schema struct {
	Ref         string            `json:"$ref"`
	Defs        map[string]schema `json:"$defs"`
	Properties  ordered           `json:"properties"`
	Required    []string          `json:"required"`
	Items       *schema           `json:"items"`
	Additional  json.RawMessage   `json:"additionalProperties"`
	Description string            `json:"description"`
	Examples    []any             `json:"examples"`
	Enum        []any             `json:"enum"`
}

// ordered is a JSON object whose keys keep their order.
type ordered struct {
	keys []string
	of   map[string]schema
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *ordered) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &o.of); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		o.keys = append(o.keys, fmt.Sprint(key))
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return err
		}
	}
	return nil
}

// configuration writes the page on the agent's file, from its JSON Schema.
func (m manual) configuration(text []byte) error {
	var root schema
	if err := json.Unmarshal(text, &root); err != nil {
		return fmt.Errorf("read the configuration's schema: %w", err)
	}
	var r roff
	r.head("millwright-agent.yaml", "5", m.source)
	r.section("NAME")
	r.text("millwright-agent.yaml - configuration of the millwright agent")
	r.section("DESCRIPTION")
	r.text(`The agent's configuration is a YAML file, /etc/millwright/agent.yaml where the agent is run by systemd. It is read
strictly: an unknown key is a fault that names the nearest known one. 'millwright config init' writes a starter file with
comments, 'millwright config check' tells every fault at once, with its place and what to do, and 'systemctl reload
millwright' has a running agent read it anew.

Only drops and schedulers are required, and in them only what is marked so.`)
	r.section("KEYS")
	m.keys(&r, root, root.resolve(root), "", 0)
	r.section("EXAMPLES")
	r.code(example)
	r.files()
	r.section("SEE ALSO")
	r.text("millwright(1), millwright-config-init(1), millwright-config-check(1), millwright-run(1)")
	return squeeze(filepath.Join(m.dir, "millwright-agent.yaml.5.gz"), r.bytes())
}

// resolve follows a reference into the definitions.
func (s schema) resolve(of schema) schema {
	name, is := strings.CutPrefix(of.Ref, "#/$defs/")
	if !is {
		return of
	}
	target := s.Defs[name]
	if of.Description != "" {
		target.Description = of.Description
	}
	return target
}

// keys writes the keys of an object and of the objects in it, each with its path.
func (m manual) keys(r *roff, root, of schema, path string, depth int) {
	const deepest = 6
	if depth > deepest {
		return
	}
	required := map[string]bool{}
	for _, k := range of.Required {
		required[k] = true
	}
	for _, key := range of.Properties.keys {
		value := root.resolve(of.Properties.of[key])
		name, inner := path+key, value
		switch {
		case value.Items != nil:
			inner = root.resolve(*value.Items)
			name += "[]"
		case len(value.Properties.keys) == 0 && bytes.HasPrefix(bytes.TrimSpace(value.Additional), []byte("{")):
			var each schema
			if json.Unmarshal(value.Additional, &each) == nil {
				inner = root.resolve(each)
				name += ".NAME"
			}
		}
		text := value.Description
		if required[key] {
			text += " Required."
		}
		if len(value.Enum) > 0 {
			text += " One of: " + join(value.Enum) + "."
		}
		if len(value.Examples) > 0 {
			text += " Examples: " + join(value.Examples) + "."
		}
		r.item(r.bold(name), strings.TrimSpace(text))
		m.keys(r, root, inner, name+".", depth+1)
	}
}

func join(values []any) string {
	var all []string
	for _, v := range values {
		all = append(all, strings.Trim(fmt.Sprintf("%q", fmt.Sprint(v)), `"`))
	}
	return strings.Join(all, ", ")
}

const example = `  s3: {region: eu-west-1}
  drops:
    - path: /srv/drop
  schedulers:
    - name: pump-7
      data_upload_frequency: PT5M
      data_delay_offset_in_minutes: 2
      target_sampling_rate: PT1M
      input:  {bucket: plant, prefix: in/, component_timestamp_delimiter: "_"}
      output: {bucket: plant, prefix: out/}`
