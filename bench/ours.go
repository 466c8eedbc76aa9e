//lint:file-ignore SA1019 Verify is deprecated and measured all the same.

package bench

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/clerksessions/clerksessions"
)

// ours is this repository's client.
func ours(baseURL string, transport http.RoundTripper) (Calls, error) {
	c, err := clerksessions.New(SecretKey, clerksessions.WithBaseURL(baseURL),
		clerksessions.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		return nil, err
	}
	lifetime := clerksessions.TokenParams{ExpiresIn: Lifetime * time.Second}
	return Calls{
		"Get":             func(ctx context.Context) (Result, error) { return ourSession(c.Get(ctx, SessionID)) },
		"List10":          ourList(c, 10, 0),
		"List500":         ourList(c, 500, 0),
		"List500Streamed": ourList(c, 500, Streamed),
		"Create": func(ctx context.Context) (Result, error) {
			return ourSession(c.Create(ctx, clerksessions.CreateParams{UserID: UserID}))
		},
		"Refresh": func(ctx context.Context) (Result, error) {
			params := clerksessions.RefreshParams{ExpiredToken: Expired, RefreshToken: Refresher, RequestOrigin: Origin}
			return ourToken(c.Refresh(ctx, SessionID, params))
		},
		"Revoke": func(ctx context.Context) (Result, error) { return ourSession(c.Revoke(ctx, SessionID)) },
		"Verify": func(ctx context.Context) (Result, error) {
			return ourSession(c.Verify(ctx, SessionID, Expired))
		},
		"CreateToken": func(ctx context.Context) (Result, error) {
			return ourToken(c.CreateToken(ctx, SessionID, lifetime))
		},
		"CreateTokenFromTemplate": func(ctx context.Context) (Result, error) {
			return ourToken(c.CreateTokenFromTemplate(ctx, SessionID, Template, lifetime))
		},
		"NotFound": func(ctx context.Context) (Result, error) {
			_, err := c.Get(ctx, MissingID)
			refused, ok := errors.AsType[*clerksessions.Error](err)
			if !ok {
				return Result{}, err
			}
			return Result{Code: refused.Errors[0].Code}, nil
		},
	}, nil
}

func ourList(c *clerksessions.Client, limit, offset int) call {
	return func(ctx context.Context) (Result, error) {
		page, err := c.List(ctx, clerksessions.ListParams{UserID: UserID, Limit: limit, Offset: offset})
		if err != nil {
			return Result{}, err
		}
		result, err := ourSession(&page.Data[len(page.Data)-1], nil)
		result.Count = len(page.Data)
		return result, err
	}
}

func ourSession(s *clerksessions.Session, err error) (Result, error) {
	if err != nil {
		return Result{}, err
	}
	return Result{ID: s.ID, Browser: s.LatestActivity.BrowserName, Expire: int64(s.ExpireAt)}, nil
}

func ourToken(t *clerksessions.Token, err error) (Result, error) {
	if err != nil {
		return Result{}, err
	}
	return Result{JWT: t.JWT}, nil
}
