package objstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// chain finds credentials where the SDK's own chain does, in the same order,
// but for logins in a browser.
type chain struct {
	cfg aws.Config // for the clients of token and metadata services
	env config.EnvConfig
}

// leanChain asks nobody yet: what cannot work whatever is answered is an error.
func leanChain(cfg aws.Config, env config.EnvConfig, profile config.SharedConfig) (aws.CredentialsProvider, error) {
	c := chain{cfg, env}
	switch {
	case env.Credentials.HasKeys():
		return cached(static(env.Credentials)), nil
	case env.WebIdentityTokenFilePath != "":
		return c.webIdentity(env.WebIdentityTokenFilePath, env.RoleARN, env.RoleSessionName)
	}
	return c.profile(profile)
}

// profile gives a profile's credentials: those of its role, if it has one.
func (c chain) profile(p config.SharedConfig) (aws.CredentialsProvider, error) {
	if p.WebIdentityTokenFile != "" && !p.Credentials.HasKeys() {
		return c.webIdentity(p.WebIdentityTokenFile, p.RoleARN, p.RoleSessionName)
	}
	from, err := c.source(p)
	if err != nil || p.RoleARN == "" {
		return from, err
	}
	return c.role(p, from)
}

// source gives the credentials that a profile itself stands for.
func (c chain) source(p config.SharedConfig) (aws.CredentialsProvider, error) {
	switch {
	case p.Source != nil:
		return c.profile(*p.Source)
	case p.Credentials.HasKeys():
		return cached(static(p.Credentials)), nil
	case p.CredentialSource != "":
		return c.named(p.CredentialSource)
	case p.SSOSessionName != "" || p.SSORegion != "" || p.SSOStartURL != "" || p.SSOAccountID != "" || p.SSORoleName != "":
		return login{p.Profile, "an SSO login"}, nil
	case p.LoginSession != "":
		return login{p.Profile, "a login session"}, nil
	case p.CredentialProcess != "":
		return cached(processcreds.NewProvider(p.CredentialProcess)), nil
	case c.inContainer():
		return c.container()
	}
	return c.machine(), nil
}

// named is a profile's credential_source.
func (c chain) named(source string) (aws.CredentialsProvider, error) {
	switch source {
	case "Environment":
		return cached(static(c.env.Credentials)), nil
	case "Ec2InstanceMetadata":
		return c.machine(), nil
	case "EcsContainer":
		if !c.inContainer() {
			return nil, errors.New("credential_source is EcsContainer, and neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set")
		}
		return c.container()
	}
	return nil, fmt.Errorf("credential_source is %q: it must be Environment, Ec2InstanceMetadata or EcsContainer", source)
}

func (c chain) inContainer() bool {
	return c.env.ContainerCredentialsRelativePath != "" || c.env.ContainerCredentialsEndpoint != ""
}

// container asks the service that a container's environment names.
func (c chain) container() (aws.CredentialsProvider, error) {
	at := "http://169.254.170.2" + c.env.ContainerCredentialsRelativePath
	if c.env.ContainerCredentialsRelativePath == "" {
		at = c.env.ContainerCredentialsEndpoint
		if err := private(at); err != nil {
			return nil, fmt.Errorf("read AWS_CONTAINER_CREDENTIALS_FULL_URI: %w", err)
		}
	}
	p := endpointcreds.New(at, func(o *endpointcreds.Options) {
		o.AuthorizationToken = c.env.ContainerAuthorizationToken
		if file := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				token, err := os.ReadFile(file)
				return string(token), err
			})
		}
	})
	return aws.NewCredentialsCache(p, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute }), nil
}

// private makes sure that a token is sent in the clear only within the machine.
func private(at string) error {
	u, err := url.Parse(at)
	if err != nil || u.Hostname() == "" {
		return fmt.Errorf("%q is no URL", at)
	}
	if u.Scheme != "http" {
		return nil
	}
	hosts := []string{u.Hostname()}
	if _, err := netip.ParseAddr(hosts[0]); err != nil {
		if hosts, err = net.LookupHost(hosts[0]); err != nil {
			return err
		}
	}
	for _, h := range hosts {
		ip, err := netip.ParseAddr(h)
		if err != nil || !ip.IsLoopback() && h != "169.254.170.2" && h != "169.254.170.23" && ip != netip.MustParseAddr("fd00:ec2::23") {
			return fmt.Errorf("%s is not on this machine: it takes https", u.Host)
		}
	}
	return nil
}

// machine asks the metadata service of a cloud machine.
func (c chain) machine() aws.CredentialsProvider {
	return cached(ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = imds.NewFromConfig(c.cfg) }))
}

// role takes on the profile's role with other credentials.
func (c chain) role(p config.SharedConfig, from aws.CredentialsProvider) (aws.CredentialsProvider, error) {
	if p.MFASerial != "" {
		return nil, fmt.Errorf("the profile %s has mfa_serial, and nobody is here to type a code; use a role without", p.Profile)
	}
	c.cfg.Credentials = from
	return cached(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(c.cfg), p.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = p.RoleSessionName
		if d := p.RoleDurationSeconds; d != nil && *d > 15*time.Minute {
			o.Duration = *d
		}
		if p.ExternalID != "" {
			o.ExternalID = aws.String(p.ExternalID)
		}
	})), nil
}

// webIdentity takes on a role with a token that somebody else keeps fresh.
func (c chain) webIdentity(file, role, session string) (aws.CredentialsProvider, error) {
	if role == "" {
		return nil, errors.New("a web identity token needs a role: set AWS_ROLE_ARN, or role_arn in the profile")
	}
	return cached(stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(c.cfg), role, stscreds.IdentityTokenFile(file), func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName = session
	})), nil
}

// login stands for credentials that somebody has to log in for.
type login struct{ profile, what string }

// Retrieve says what to do instead.
func (l login) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, fmt.Errorf("the profile %s wants %s, which only the full build of millwright can use; "+
		"or set AWS_PROFILE to a profile with credential_process = aws configure export-credentials --profile %s", l.profile, l.what, l.profile)
}

func static(c aws.Credentials) aws.CredentialsProvider {
	return credentials.StaticCredentialsProvider{Value: c}
}

func cached(p aws.CredentialsProvider) aws.CredentialsProvider { return aws.NewCredentialsCache(p) }
