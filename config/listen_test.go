package config

import (
	"strings"
	"testing"
)

func TestListenWantsAPortThatExists(t *testing.T) {
	t.Parallel()
	for listen, good := range map[string]bool{
		"127.0.0.1:9480": true, "127.0.0.1:0": true, "127.0.0.1:65535": true, "[::1]:9480": true,
		"127.0.0.1:65536": false, "127.0.0.1:99999": false, "127.0.0.1:-1": false, "127.0.0.1:http": false, "127.0.0.1:": false, "9480": false,
	} {
		_, _, err := Parse("a.yaml", []byte("http: {listen: \""+listen+"\"}\n"))
		if told := err != nil && strings.Contains(err.Error(), "http.listen"); told == good {
			t.Errorf("%s: %v", listen, err)
		}
	}
}
