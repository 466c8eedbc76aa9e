//lint:file-ignore SA1019 Verify is deprecated and measured all the same.

package bench

import (
	"context"
	"fmt"
	"net/http"

	"github.com/clerksessions/clerksessions/bench/stock"
)

// stockClient is the client that oapi-codegen generates from the contract with its own
// templates, used as its documentation says.
func stockClient(baseURL string, transport http.RoundTripper) (Calls, error) {
	c, err := stock.NewClientWithResponses(baseURL, stock.WithHTTPClient(&http.Client{Transport: transport}),
		stock.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
			req.Header.Set("Authorization", "Bearer "+SecretKey)
			return nil
		}))
	if err != nil {
		return nil, err
	}
	const version = "2026-05-12"
	one := func(s *stock.Session) (Result, error) {
		return Result{ID: s.Id, Browser: *s.LatestActivity.BrowserName, Expire: s.ExpireAt}, nil
	}
	list := func(limit, offset int) func(context.Context) (Result, error) {
		return func(ctx context.Context) (Result, error) {
			user, paginated := UserID, true
			params := &stock.GetSessionListParams{
				ClerkAPIVersion: version,
				UserId:          &user,
				Paginated:       &paginated,
				Limit:           &limit,
			}
			if offset != 0 {
				params.Offset = &offset
			}
			res, err := c.GetSessionListWithResponse(ctx, params)
			switch {
			case err != nil:
				return Result{}, err
			case res.JSON200 == nil:
				return Result{}, unexpected(res)
			}
			page, err := res.JSON200.AsSessionPage()
			if err != nil {
				return Result{}, err
			}
			result, err := one(&page.Data[len(page.Data)-1])
			result.Count = len(page.Data)
			return result, err
		}
	}
	return Calls{
		"Get": func(ctx context.Context) (Result, error) {
			res, err := c.GetSessionWithResponse(ctx, SessionID, &stock.GetSessionParams{ClerkAPIVersion: version})
			switch {
			case err != nil:
				return Result{}, err
			case res.JSON200 == nil:
				return Result{}, unexpected(res)
			}
			return one(res.JSON200)
		},
		"List10":          list(10, 0),
		"List500":         list(500, 0),
		"List500Streamed": list(500, Streamed),
		"Create": func(ctx context.Context) (Result, error) {
			res, err := c.CreateSessionWithResponse(
				ctx,
				&stock.CreateSessionParams{ClerkAPIVersion: version},
				stock.CreateSession{UserId: UserID},
			)
			switch {
			case err != nil:
				return Result{}, err
			case res.JSON200 == nil:
				return Result{}, unexpected(res)
			}
			return one(res.JSON200)
		},
		"Refresh": func(ctx context.Context) (Result, error) {
			format := stock.RefreshSessionFormatToken
			res, err := c.RefreshSessionWithResponse(
				ctx,
				SessionID,
				&stock.RefreshSessionParams{ClerkAPIVersion: version},
				stock.RefreshSession{
					ExpiredToken:  Expired,
					RefreshToken:  Refresher,
					RequestOrigin: Origin,
					Format:        &format,
				},
			)
			switch {
			case err != nil:
				return Result{}, err
			case res.JSON200 == nil:
				return Result{}, unexpected(res)
			}
			token, err := res.JSON200.AsToken()
			return Result{JWT: token.Jwt}, err
		},
		"Revoke": func(ctx context.Context) (Result, error) {
			res, err := c.RevokeSessionWithResponse(
				ctx,
				SessionID,
				&stock.RevokeSessionParams{ClerkAPIVersion: version},
			)
			switch {
			case err != nil:
				return Result{}, err
			case res.JSON200 == nil:
				return Result{}, unexpected(res)
			}
			return one(res.JSON200)
		},
		"Verify": func(ctx context.Context) (Result, error) {
			res, err := c.VerifySessionWithResponse(
				ctx,
				SessionID,
				&stock.VerifySessionParams{ClerkAPIVersion: "2025-03-12"},
				stock.VerifySession{Token: Expired},
			)
			switch {
			case err != nil:
				return Result{}, err
			case res.JSON200 == nil:
				return Result{}, unexpected(res)
			}
			return one(res.JSON200)
		},
		"CreateToken": func(ctx context.Context) (Result, error) {
			seconds := Lifetime
			res, err := c.CreateSessionTokenWithResponse(
				ctx,
				SessionID,
				&stock.CreateSessionTokenParams{ClerkAPIVersion: version},
				stock.CreateToken{ExpiresInSeconds: &seconds},
			)
			switch {
			case err != nil:
				return Result{}, err
			case res.JSON200 == nil:
				return Result{}, unexpected(res)
			}
			return Result{JWT: res.JSON200.Jwt}, nil
		},
		"CreateTokenFromTemplate": func(ctx context.Context) (Result, error) {
			seconds := Lifetime
			res, err := c.CreateSessionTokenFromTemplateWithResponse(
				ctx,
				SessionID,
				Template,
				&stock.CreateSessionTokenFromTemplateParams{ClerkAPIVersion: version},
				stock.CreateToken{ExpiresInSeconds: &seconds},
			)
			switch {
			case err != nil:
				return Result{}, err
			case res.JSON200 == nil:
				return Result{}, unexpected(res)
			}
			return Result{JWT: res.JSON200.Jwt}, nil
		},
		"NotFound": func(ctx context.Context) (Result, error) {
			res, err := c.GetSessionWithResponse(ctx, MissingID, &stock.GetSessionParams{ClerkAPIVersion: version})
			switch {
			case err != nil:
				return Result{}, err
			case res.JSON404 == nil:
				return Result{}, unexpected(res)
			}
			return Result{Code: res.JSON404.Errors[0].Code}, nil
		},
	}, nil
}

func unexpected(res interface{ Status() string }) error {
	return fmt.Errorf("unexpected status %s", res.Status())
}
