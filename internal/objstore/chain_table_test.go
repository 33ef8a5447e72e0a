package objstore

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

// loaders are the chain of this build, the lean build's, and the SDK's own, which
// says what both have to find.
func loaders() map[string]func(context.Context, string, *awshttp.BuildableClient) (aws.Config, error) {
	return map[string]func(context.Context, string, *awshttp.BuildableClient) (aws.Config, error){
		"build": loadSettings,
		"lean":  leanSettings,
		"sdk": func(ctx context.Context, region string, client *awshttp.BuildableClient) (aws.Config, error) {
			return config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithHTTPClient(client))
		},
	}
}

// cloud is a machine's metadata service, a container's and STS, in one server.
// The keys that it hands out say who asked and with what.
func cloud(t *testing.T) string {
	t.Helper()
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys := func(id string) {
			_ = json.NewEncoder(w).Encode(map[string]string{"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": id, "SecretAccessKey": "s", "Token": "t", "Expiration": until})
		}
		switch r.URL.Path {
		case "/latest/api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "600")
			fmt.Fprint(w, "session")
		case "/latest/meta-data/iam/security-credentials/", "/latest/meta-data/iam/security-credentials-extended/":
			fmt.Fprint(w, "gateway-role")
		case "/latest/meta-data/iam/security-credentials/gateway-role", "/latest/meta-data/iam/security-credentials-extended/gateway-role":
			keys("MACHINE." + r.Header.Get("X-Aws-Ec2-Metadata-Token"))
		case "/container":
			keys("CONTAINER." + r.Header.Get("Authorization"))
		case "/":
			_ = r.ParseForm()
			by := r.Form.Get("WebIdentityToken")
			if auth := r.Header.Get("Authorization"); auth != "" {
				by = strings.Split(strings.SplitN(auth, "Credential=", 2)[1], "/")[0]
			}
			id := strings.Join([]string{r.Form.Get("RoleArn"), by, r.Form.Get("ExternalId"), r.Form.Get("DurationSeconds")}, ".")
			fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><Credentials><AccessKeyId>%[2]s</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%[3]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`, r.Form.Get("Action"), id, until)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// The same environment and the same files give the same keys, region and
// endpoint with every chain. Not parallel: it sets the environment.
func TestChains(t *testing.T) {
	at := cloud(t)
	dir := t.TempDir()
	helper := func(name, id string) string {
		path := filepath.Join(dir, name)
		text := fmt.Sprintf("#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\"}'\n", id)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	process, token := helper("helper", "PROCESS"), filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("TOKEN"), 0o600); err != nil {
		t.Fatal(err)
	}
	const keysOf = "[%s]\naws_access_key_id = %s\naws_secret_access_key = s\n"
	for _, c := range []struct {
		name        string
		env         map[string]string
		credentials string
		config      string
		region      string // asked for in the configuration
		id          string // of the keys; or
		fails       string // words that the error has, "" for any
		wantRegion  string
		endpoint    string
	}{
		{
			name: "keys in the environment go first", env: map[string]string{"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_WEB_IDENTITY_TOKEN_FILE": token},
			credentials: fmt.Sprintf(keysOf, "default", "FILE"), id: "ENV",
		},
		{name: "half a key in the environment is none", env: map[string]string{"AWS_ACCESS_KEY_ID": "ENV"}, credentials: fmt.Sprintf(keysOf, "default", "FILE"), id: "FILE"},
		{
			name: "a web identity in the environment", env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/w", "AWS_REGION": "eu-west-1"},
			credentials: fmt.Sprintf(keysOf, "default", "FILE"), id: "arn:aws:iam::1:role/w.TOKEN..", wantRegion: "eu-west-1",
		},
		{name: "a web identity without a role", env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": token}, fails: "role"},
		{name: "the default profile", credentials: fmt.Sprintf(keysOf, "default", "FILE") + fmt.Sprintf(keysOf, "other", "OTHER"), id: "FILE"},
		{
			name: "the profile that is asked for", env: map[string]string{"AWS_PROFILE": "other"},
			credentials: fmt.Sprintf(keysOf, "default", "FILE") + fmt.Sprintf(keysOf, "other", "OTHER"), config: "[profile other]\nregion = eu-central-1\n", id: "OTHER", wantRegion: "eu-central-1",
		},
		{name: "the profile that is asked for in the older way", env: map[string]string{"AWS_DEFAULT_PROFILE": "other"}, credentials: fmt.Sprintf(keysOf, "other", "OTHER"), id: "OTHER"},
		{name: "a profile that is not there", env: map[string]string{"AWS_PROFILE": "none"}, credentials: fmt.Sprintf(keysOf, "default", "FILE"), fails: "none"},
		{name: "a file that is none", credentials: "[default\naws_access", fails: ""},
		{name: "the credentials file goes before the configuration", credentials: fmt.Sprintf(keysOf, "default", "FILE"), config: fmt.Sprintf(keysOf, "default", "CONFIG"), id: "FILE"},
		{
			name: "the configuration's region before the profile's", region: "eu-north-1", env: map[string]string{"AWS_REGION": "eu-west-1"},
			credentials: fmt.Sprintf(keysOf, "default", "FILE"), config: "[default]\nregion = eu-central-1\n", id: "FILE", wantRegion: "eu-north-1",
		},
		{
			name: "the environment's region before the profile's", env: map[string]string{"AWS_DEFAULT_REGION": "eu-west-2"},
			credentials: fmt.Sprintf(keysOf, "default", "FILE"), config: "[default]\nregion = eu-central-1\n", id: "FILE", wantRegion: "eu-west-2",
		},
		{name: "an endpoint in the profile", credentials: fmt.Sprintf(keysOf, "default", "FILE"), config: "[default]\nendpoint_url = http://store:9000\n", id: "FILE", endpoint: "http://store:9000"},
		{
			name: "the environment's endpoint goes first", env: map[string]string{"AWS_ENDPOINT_URL": "http://other:9000"},
			credentials: fmt.Sprintf(keysOf, "default", "FILE"), config: "[default]\nendpoint_url = http://store:9000\n", id: "FILE", endpoint: "http://other:9000",
		},
		{
			name: "endpoints that are to be ignored", env: map[string]string{"AWS_ENDPOINT_URL": "http://other:9000", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
			credentials: fmt.Sprintf(keysOf, "default", "FILE"), id: "FILE",
		},
		{name: "credential_process", config: "[default]\ncredential_process = " + process + "\n", id: "PROCESS"},
		{name: "credential_process before the machine's own role", env: map[string]string{"AWS_EC2_METADATA_DISABLED": "false"}, config: "[default]\ncredential_process = " + process + "\n", id: "PROCESS"},
		{name: "credential_process that fails", config: "[default]\ncredential_process = false\n", fails: "process"},
		{name: "two ways at once", config: "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = x\ncredential_process = " + process + "\n[profile x]\n", fails: ""},
		{
			name: "a role with another profile's keys", credentials: fmt.Sprintf(keysOf, "keys", "FILE"),
			config: "[default]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = keys\nexternal_id = ext\nduration_seconds = 3600\n", id: "arn:aws:iam::1:role/r.FILE.ext.3600", wantRegion: "eu-west-1",
		},
		{
			name: "a role through another role", credentials: fmt.Sprintf(keysOf, "keys", "FILE"),
			config: "[default]\nregion = eu-west-1\nrole_arn = B\nsource_profile = a\n[profile a]\nrole_arn = A\nsource_profile = keys\n", id: "B.A.FILE..900..900", wantRegion: "eu-west-1",
		},
		{name: "a role with a helper's keys", config: "[default]\nregion = eu-west-1\nrole_arn = R\nsource_profile = p\n[profile p]\ncredential_process = " + process + "\n", id: "R.PROCESS..900", wantRegion: "eu-west-1"},
		{
			name: "a role with the environment's keys", env: map[string]string{"AWS_PROFILE": "r", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
			config: "[profile r]\nregion = eu-west-1\nrole_arn = R\ncredential_source = Environment\n", fails: "",
		},
		{name: "a role with the machine's", env: map[string]string{"AWS_EC2_METADATA_DISABLED": "false"}, config: "[default]\nregion = eu-west-1\nrole_arn = R\ncredential_source = Ec2InstanceMetadata\n", id: "R.MACHINE.session..900", wantRegion: "eu-west-1"},
		{name: "a role with the container's", env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": at + "/container"}, config: "[default]\nregion = eu-west-1\nrole_arn = R\ncredential_source = EcsContainer\n", id: "R.CONTAINER...900", wantRegion: "eu-west-1"},
		{name: "a role with a container's where none is", config: "[default]\nrole_arn = R\ncredential_source = EcsContainer\n", fails: "EcsContainer"},
		{name: "a role with an unknown source", config: "[default]\nrole_arn = R\ncredential_source = Sun\n", fails: "credential_source"},
		{name: "a source without a role", config: "[default]\ncredential_source = Environment\n", fails: "role_arn"},
		{name: "a role that wants a code", credentials: fmt.Sprintf(keysOf, "keys", "FILE"), config: "[default]\nrole_arn = R\nsource_profile = keys\nmfa_serial = 1\n", fails: "assume role with MFA|mfa_serial"},
		{name: "a role in circles", config: "[default]\nrole_arn = R\nsource_profile = b\n[profile b]\nrole_arn = S\nsource_profile = default\n", fails: ""},
		{name: "a web identity in the profile", config: "[default]\nregion = eu-west-1\nrole_arn = W\nweb_identity_token_file = " + token + "\n", id: "W.TOKEN..", wantRegion: "eu-west-1"},
		{name: "a role with another profile's web identity", config: "[default]\nregion = eu-west-1\nrole_arn = R\nsource_profile = w\n[profile w]\nrole_arn = W\nweb_identity_token_file = " + token + "\n", id: "R.W.TOKEN....900", wantRegion: "eu-west-1"},
		{name: "a container", env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": at + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret"}, id: "CONTAINER.secret"},
		{name: "a container with a token in a file", env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": at + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token}, id: "CONTAINER.TOKEN"},
		{name: "a container elsewhere in the clear", env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/container"}, fails: "192.0.2.1"},
		{name: "a container before the machine", env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": at + "/container", "AWS_EC2_METADATA_DISABLED": "false"}, id: "CONTAINER."},
		{name: "a machine", env: map[string]string{"AWS_EC2_METADATA_DISABLED": "false"}, id: "MACHINE.session"},
		{name: "a machine whose service is not to be asked", fails: "disabled"},
	} {
		for name, load := range loaders() {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				bare(t, at)
				for k, v := range c.env {
					t.Setenv(k, v)
				}
				files(t, c.credentials, c.config)
				cfg, err := load(t.Context(), c.region, awshttp.NewBuildableClient())
				var keys aws.Credentials
				if err == nil {
					keys, err = cfg.Credentials.Retrieve(t.Context())
				}
				if c.id == "" {
					if err == nil || !anyOf(err.Error(), c.fails) {
						t.Fatalf("got %q, error %v; want one with %q", keys.AccessKeyID, err, c.fails)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if keys.AccessKeyID != c.id || keys.SecretAccessKey != "s" {
					t.Errorf("key %q, want %q", keys.AccessKeyID, c.id)
				}
				if cfg.Region != c.wantRegion {
					t.Errorf("region %q, want %q", cfg.Region, c.wantRegion)
				}
				if got := aws.ToString(cfg.BaseEndpoint); got != c.endpoint {
					t.Errorf("endpoint %q, want %q", got, c.endpoint)
				}
				if _, ok := cfg.Credentials.(*aws.CredentialsCache); !ok {
					t.Errorf("%T is asked for every request", cfg.Credentials)
				}
			})
		}
	}
}

// A login in a browser is what the lean build leaves out: it says so, and how to
// go on.
func TestLeanChainNamesTheWayOut(t *testing.T) {
	bare(t, cloud(t))
	for _, profile := range []string{
		"sso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = r\n",
		"sso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n",
		"login_session = arn:aws:iam::1:user/u\n",
	} {
		files(t, "", "[default]\n"+profile)
		cfg, err := leanSettings(t.Context(), "", awshttp.NewBuildableClient())
		if err != nil {
			t.Fatal(err)
		}
		_, err = cfg.Credentials.Retrieve(t.Context())
		what, remedy := Explain(&credentialsError{err})
		for _, want := range []string{"full build", "credential_process", "default"} {
			if !strings.Contains(what+remedy, want) {
				t.Errorf("no word of %q in %q, %q", want, what, remedy)
			}
		}
	}
}

// AWS_CA_BUNDLE and ca_bundle are trusted by every chain.
func TestChainsTrustTheBundle(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, load := range loaders() {
		t.Run(name, func(t *testing.T) {
			for _, env := range []string{bundle, ""} {
				bare(t, "http://127.0.0.1:1")
				t.Setenv("AWS_CA_BUNDLE", env)
				files(t, "", "[default]\nca_bundle = "+bundle+"\n")
				client := awshttp.NewBuildableClient()
				cfg, err := load(t.Context(), "", client)
				if err != nil {
					t.Fatal(err)
				}
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
				res, err := cfg.HTTPClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = res.Body.Close()
			}
			t.Setenv("AWS_CA_BUNDLE", filepath.Join(t.TempDir(), "none.pem"))
			if _, err := load(t.Context(), "", awshttp.NewBuildableClient()); err == nil {
				t.Error("a bundle that is not there is nothing")
			}
			empty := filepath.Join(t.TempDir(), "empty.pem")
			_ = os.WriteFile(empty, nil, 0o600)
			t.Setenv("AWS_CA_BUNDLE", empty)
			if _, err := load(t.Context(), "", awshttp.NewBuildableClient()); err == nil {
				t.Error("an empty bundle is nothing")
			}
		})
	}
}

// bare takes all settings out of the environment; services are at url.
func bare(t *testing.T, url string) {
	t.Helper()
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
	t.Setenv("AWS_ENDPOINT_URL_STS", url)
}

// files writes the shared files and names them in the environment.
func files(t *testing.T, credentials, settings string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_CONFIG_FILE": settings} {
		path := filepath.Join(dir, name)
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv(name, path)
	}
}

func anyOf(s, words string) bool {
	for w := range strings.SplitSeq(words, "|") {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
