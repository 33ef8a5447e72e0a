package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
)

//go:embed style.css
var sheet string // never written to

func style() string { return sheet }

// policy lets a browser use the page's own style and icon, and nothing else: no
// script, no form, no frame, nothing from elsewhere.
func policy() string {
	sum := sha256.Sum256([]byte(style()))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
