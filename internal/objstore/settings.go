package objstore

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

// leanSettings reads what the SDK's LoadDefaultConfig reads, as far as S3, STS
// and the metadata service ask for it: environment first, then the profile of
// the shared files. Its credentials are leanChain's.
func leanSettings(ctx context.Context, region string, client *awshttp.BuildableClient) (aws.Config, error) {
	env, err := config.NewEnvConfig()
	if err != nil {
		return aws.Config{}, err
	}
	profile, err := sharedProfile(ctx, env)
	if err != nil {
		return aws.Config{}, err
	}
	client, err = trusting(client, orElse(env.CustomCABundle, profile.CustomCABundle))
	if err != nil {
		return aws.Config{}, err
	}
	cfg := aws.Config{
		ConfigSources:              []any{env, profile}, // where services look for what is theirs
		HTTPClient:                 client,
		Region:                     orElse(region, orElse(env.Region, profile.Region)),
		RetryMaxAttempts:           env.RetryMaxAttempts,
		RetryMode:                  aws.RetryMode(orElse(string(env.RetryMode), string(profile.RetryMode))),
		DefaultsMode:               aws.DefaultsMode(orElse(string(env.DefaultsMode), orElse(string(profile.DefaultsMode), string(aws.DefaultsModeLegacy)))),
		AppID:                      orElse(env.AppID, profile.AppID),
		AccountIDEndpointMode:      aws.AccountIDEndpointModePreferred,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if cfg.RetryMaxAttempts == 0 {
		cfg.RetryMaxAttempts = profile.RetryMaxAttempts
	}
	if url := orElse(env.BaseEndpoint, profile.BaseEndpoint); url != "" && !ignored(env, profile) {
		cfg.BaseEndpoint = aws.String(url)
	}
	cfg.Credentials, err = leanChain(cfg, env, profile)
	return cfg, err
}

// sharedProfile reads the profile that is asked for. That it is not there is an
// error only if AWS_PROFILE names it.
func sharedProfile(ctx context.Context, env config.EnvConfig) (config.SharedConfig, error) {
	p, err := config.LoadSharedConfigProfile(ctx, orElse(env.SharedConfigProfile, config.DefaultSharedConfigProfile), func(o *config.LoadSharedConfigOptions) {
		if env.SharedConfigFile != "" {
			o.ConfigFiles = []string{env.SharedConfigFile}
		}
		if env.SharedCredentialsFile != "" {
			o.CredentialsFiles = []string{env.SharedCredentialsFile}
		}
	})
	var none config.SharedConfigProfileNotExistError
	if errors.As(err, &none) && os.Getenv("AWS_PROFILE") == "" {
		return config.SharedConfig{}, nil
	}
	return p, err
}

// ignored tells whether endpoints in environment and profile are not to be used.
func ignored(env config.EnvConfig, profile config.SharedConfig) bool {
	if env.IgnoreConfiguredEndpoints != nil {
		return *env.IgnoreConfiguredEndpoints
	}
	return profile.IgnoreConfiguredEndpoints != nil && *profile.IgnoreConfiguredEndpoints
}

// trusting adds the authorities in a bundle, a PEM file, to those that are
// configured; where none are, they stand instead of the system's.
func trusting(client *awshttp.BuildableClient, bundle string) (*awshttp.BuildableClient, error) {
	if bundle == "" {
		return client, nil
	}
	pem, err := os.ReadFile(bundle)
	if err != nil {
		return nil, fmt.Errorf("read AWS_CA_BUNDLE: %w", err)
	}
	found := true
	client = client.WithTransportOptions(func(t *http.Transport) {
		if t.TLSClientConfig.RootCAs == nil {
			t.TLSClientConfig.RootCAs = x509.NewCertPool()
		}
		found = t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem)
	})
	if !found {
		return nil, fmt.Errorf("read AWS_CA_BUNDLE %s: it holds no PEM certificate", bundle)
	}
	return client, nil
}
