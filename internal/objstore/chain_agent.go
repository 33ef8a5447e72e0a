//go:build agent

package objstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// loadSettings reads the SDK's settings and makes the lean build's credentials
// chain: what the SDK's own has beside it, logins in a browser, is a megabyte.
func loadSettings(ctx context.Context, region string, client *awshttp.BuildableClient) (aws.Config, error) {
	return leanSettings(ctx, region, client)
}
