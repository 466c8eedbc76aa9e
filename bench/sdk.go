//lint:file-ignore SA1019 Verify is deprecated and measured all the same.

package bench

import (
	"context"
	"errors"
	"net/http"

	"github.com/clerk/clerk-sdk-go/v2"
	"github.com/clerk/clerk-sdk-go/v2/session"
)

// sdk is Clerk's own client for Go, v2.4.2. It does not support Refresh, and its Verify
// sends null instead of the token.
func sdk(baseURL string, transport http.RoundTripper) (Calls, error) {
	config := &clerk.ClientConfig{}
	config.HTTPClient = &http.Client{Transport: transport}
	config.URL = clerk.String(baseURL)
	config.Key = clerk.String(SecretKey)
	c := session.NewClient(config)
	return Calls{
		"Get":             func(ctx context.Context) (Result, error) { return sdkSession(c.Get(ctx, SessionID)) },
		"List10":          sdkList(c, 10, 0),
		"List500":         sdkList(c, 500, 0),
		"List500Streamed": sdkList(c, 500, Streamed),
		"Create": func(ctx context.Context) (Result, error) {
			return sdkSession(c.Create(ctx, &session.CreateParams{UserID: UserID}))
		},
		"Revoke": func(ctx context.Context) (Result, error) {
			return sdkSession(c.Revoke(ctx, &session.RevokeParams{ID: SessionID}))
		},
		"Verify": func(ctx context.Context) (Result, error) {
			return sdkSession(c.Verify(ctx, &session.VerifyParams{ID: SessionID, Token: clerk.String(Expired)}))
		},
		"CreateToken":             sdkToken(c, ""),
		"CreateTokenFromTemplate": sdkToken(c, Template),
		"NotFound": func(ctx context.Context) (Result, error) {
			_, err := c.Get(ctx, MissingID)
			refused, ok := errors.AsType[*clerk.APIErrorResponse](err)
			if !ok {
				return Result{}, err
			}
			return Result{Code: refused.Errors[0].Code}, nil
		},
	}, nil
}

func sdkList(c *session.Client, limit, offset int64) call {
	return func(ctx context.Context) (Result, error) {
		params := &session.ListParams{UserID: clerk.String(UserID)}
		params.Limit = clerk.Int64(limit)
		if offset != 0 {
			params.Offset = clerk.Int64(offset)
		}
		page, err := c.List(ctx, params)
		if err != nil {
			return Result{}, err
		}
		result, err := sdkSession(page.Sessions[len(page.Sessions)-1], nil)
		result.Count = len(page.Sessions)
		return result, err
	}
}

func sdkSession(s *clerk.Session, err error) (Result, error) {
	if err != nil {
		return Result{}, err
	}
	return Result{ID: s.ID, Browser: *s.LatestActivity.BrowserName, Expire: s.ExpireAt}, nil
}

func sdkToken(c *session.Client, template string) call {
	return func(ctx context.Context) (Result, error) {
		params := &session.CreateTokenParams{ID: SessionID, TemplateName: template}
		params.ExpiresInSeconds = clerk.Int64(Lifetime)
		t, err := c.CreateToken(ctx, params)
		if err != nil {
			return Result{}, err
		}
		return Result{JWT: t.JWT}, nil
	}
}
