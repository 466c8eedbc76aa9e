//lint:file-ignore SA1019 Verify is deprecated and measured all the same.

package bench

import (
	"context"
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
	lifetime := stock.CreateToken{ExpiresInSeconds: new(Lifetime)}
	list := func(limit, offset int) func(context.Context) (Result, error) {
		return func(ctx context.Context) (Result, error) {
			params := &stock.GetSessionListParams{
				ClerkAPIVersion: version, UserId: new(UserID), Paginated: new(true), Limit: &limit,
			}
			if offset != 0 {
				params.Offset = &offset
			}
			res, err := c.GetSessionListWithResponse(ctx, params)
			if err != nil {
				return Result{}, err
			}
			page, err := res.JSON200.AsSessionPage()
			if err != nil {
				return Result{}, err
			}
			result, err := stockSession(&page.Data[len(page.Data)-1])
			result.Count = len(page.Data)
			return result, err
		}
	}
	return Calls{
		"Get": func(ctx context.Context) (Result, error) {
			res, err := c.GetSessionWithResponse(ctx, SessionID, &stock.GetSessionParams{ClerkAPIVersion: version})
			if err != nil {
				return Result{}, err
			}
			return stockSession(res.JSON200)
		},
		"List10":          list(10, 0),
		"List500":         list(500, 0),
		"List500Streamed": list(500, Streamed),
		"Create": func(ctx context.Context) (Result, error) {
			params := &stock.CreateSessionParams{ClerkAPIVersion: version}
			res, err := c.CreateSessionWithResponse(ctx, params, stock.CreateSession{UserId: UserID})
			if err != nil {
				return Result{}, err
			}
			return stockSession(res.JSON200)
		},
		"Refresh": func(ctx context.Context) (Result, error) {
			params := &stock.RefreshSessionParams{ClerkAPIVersion: version}
			res, err := c.RefreshSessionWithResponse(ctx, SessionID, params, stock.RefreshSession{
				ExpiredToken: Expired, RefreshToken: Refresher, RequestOrigin: Origin,
				Format: new(stock.RefreshSessionFormatToken),
			})
			if err != nil {
				return Result{}, err
			}
			token, err := res.JSON200.AsToken()
			return Result{JWT: token.Jwt}, err
		},
		"Revoke": func(ctx context.Context) (Result, error) {
			params := &stock.RevokeSessionParams{ClerkAPIVersion: version}
			res, err := c.RevokeSessionWithResponse(ctx, SessionID, params)
			if err != nil {
				return Result{}, err
			}
			return stockSession(res.JSON200)
		},
		"Verify": func(ctx context.Context) (Result, error) {
			params := &stock.VerifySessionParams{ClerkAPIVersion: "2025-03-12"}
			res, err := c.VerifySessionWithResponse(ctx, SessionID, params, stock.VerifySession{Token: Expired})
			if err != nil {
				return Result{}, err
			}
			return stockSession(res.JSON200)
		},
		"CreateToken": func(ctx context.Context) (Result, error) {
			params := &stock.CreateSessionTokenParams{ClerkAPIVersion: version}
			res, err := c.CreateSessionTokenWithResponse(ctx, SessionID, params, lifetime)
			if err != nil {
				return Result{}, err
			}
			return Result{JWT: res.JSON200.Jwt}, nil
		},
		"CreateTokenFromTemplate": func(ctx context.Context) (Result, error) {
			params := &stock.CreateSessionTokenFromTemplateParams{ClerkAPIVersion: version}
			res, err := c.CreateSessionTokenFromTemplateWithResponse(ctx, SessionID, Template, params, lifetime)
			if err != nil {
				return Result{}, err
			}
			return Result{JWT: res.JSON200.Jwt}, nil
		},
		"NotFound": func(ctx context.Context) (Result, error) {
			res, err := c.GetSessionWithResponse(ctx, MissingID, &stock.GetSessionParams{ClerkAPIVersion: version})
			if err != nil {
				return Result{}, err
			}
			return Result{Code: res.JSON404.Errors[0].Code}, nil
		},
	}, nil
}

func stockSession(s *stock.Session) (Result, error) {
	return Result{ID: s.Id, Browser: *s.LatestActivity.BrowserName, Expire: s.ExpireAt}, nil
}
