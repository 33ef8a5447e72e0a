package s3server

import "github.com/versity/versitygw/auth"

// keys are further key pairs beside the first one.
type keys struct {
	auth.IAMService
	secret func(accessKey string) (string, bool) // nil: there are none
}

// GetUserAccount gives the account of a key. What it may do is decided by who stands
// before the server.
func (k keys) GetUserAccount(access string) (auth.Account, error) {
	if k.secret != nil {
		if secret, ok := k.secret(access); ok {
			return auth.Account{Access: access, Secret: secret, Role: auth.RoleAdmin}, nil
		}
		return auth.Account{}, auth.ErrNoSuchUser
	}
	return k.IAMService.GetUserAccount(access)
}
