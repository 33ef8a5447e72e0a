package config

import _ "embed"

// schema is made from this package's types and comments by the test of the same
// name, so that the binary carries no generator.
//
//go:embed serve.schema.json
var schema []byte

// Schema is the JSON Schema of the file, for editors that check YAML by one.
func Schema() []byte { return schema }
