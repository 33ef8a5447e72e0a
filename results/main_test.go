package results

import (
	"os"
	"testing"

	"millwright/internal/s3server/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }
