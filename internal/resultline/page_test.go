package resultline

import (
	"strings"
	"testing"
)

func TestAPageInPlaceOfAResult(t *testing.T) {
	t.Parallel()
	err := Read(strings.NewReader("<html>\n<body>Sign in</body>\n</html>\n"), Limits{}, func(Row) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "does not begin with a JSON line") {
		t.Errorf("it says %v", err)
	}
}
