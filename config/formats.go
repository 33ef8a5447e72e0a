package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	regexpsyntax "regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"millwright/ingest/take"
	"millwright/internal/series"
	"millwright/internal/window"
	"millwright/internal/yamlfile"
)

// location is the zone that a time_zone names.
func location(name string) (*time.Location, error) {
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		d, err := window.ParseOffset(name)
		if err != nil {
			return nil, yamlfile.Invalid("is no zone", `write a sign, hours and minutes in quotes, such as "+01:00"`)
		}
		return time.FixedZone(name, int(d.Seconds())), nil
	}
	if name == "Local" {
		return nil, yamlfile.Invalid("depends on the machine", "name the zone, such as Europe/Berlin")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, yamlfile.Invalid("is no zone", "write an IANA name such as Europe/Berlin, or +hh:mm in quotes")
	}
	return zone, nil
}

// stampForm checks the form of timestamps with the reader that will use it.
func stampForm(form string) error {
	_, err := series.NewReader(strings.NewReader(""), series.Options{TimestampFormat: form})
	var noRows *series.HopelessError
	if err == nil || errors.As(err, &noRows) {
		return nil
	}
	_, why, _ := strings.Cut(err.Error(), strconv.Quote(form)+": ")
	return yamlfile.Invalid("is no form of a timestamp: "+why, "use iso, epoch, epoch_ms, epoch_us, epoch_ns or a pattern such as M/d/yyyy HH:mm")
}

// componentRule is the rule that a drop folder's component names.
func componentRule(rule string) (take.ComponentRule, error) {
	r, err := take.ParseComponent(rule)
	var syntax *regexpsyntax.Error
	switch {
	case err == nil:
		return r, nil
	case errors.As(err, &syntax):
		return r, yamlfile.Invalid(fmt.Sprintf("is no regular expression: %s: %s", syntax.Code, syntax.Expr), "correct it")
	case strings.ContainsAny(rule, "(["):
		return r, yamlfile.Invalid("has no group for the component", "put (?P<component>...) around the part that names it")
	}
	return r, yamlfile.Invalid("is no rule for components", "use {folder}, {file}, a name of 0-9 A-Z a-z . _ -, or a regular expression with (?P<component>...)")
}

func validSensor(name string) bool {
	return regexp.MustCompile(`^[0-9A-Za-z:#$._-]{1,200}$`).MatchString(name)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
