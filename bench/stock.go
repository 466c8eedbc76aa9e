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
	body := func() stock.CreateToken { return stock.CreateToken{ExpiresInSeconds: new(Lifetime)} }
	return Calls{
		"Get": func(ctx context.Context) (Result, error) {
			return stockSession(stockGet(ctx, c, SessionID))
		},
		"List10":          stockList(c, 10, 0),
		"List500":         stockList(c, 500, 0),
		"List500Streamed": stockList(c, 500, Streamed),
		"Create": func(ctx context.Context) (Result, error) {
			params := &stock.CreateSessionParams{ClerkAPIVersion: stockVersion}
			return stockSession(c.CreateSessionWithResponse(ctx, params, stock.CreateSession{UserId: UserID}))
		},
		"Refresh": func(ctx context.Context) (Result, error) {
			params := &stock.RefreshSessionParams{ClerkAPIVersion: stockVersion}
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
			params := &stock.RevokeSessionParams{ClerkAPIVersion: stockVersion}
			return stockSession(c.RevokeSessionWithResponse(ctx, SessionID, params))
		},
		"Verify": func(ctx context.Context) (Result, error) {
			params := &stock.VerifySessionParams{ClerkAPIVersion: "2025-03-12"}
			body := stock.VerifySession{Token: Expired}
			return stockSession(c.VerifySessionWithResponse(ctx, SessionID, params, body))
		},
		"CreateToken": func(ctx context.Context) (Result, error) {
			params := &stock.CreateSessionTokenParams{ClerkAPIVersion: stockVersion}
			return stockToken(c.CreateSessionTokenWithResponse(ctx, SessionID, params, body()))
		},
		"CreateTokenFromTemplate": func(ctx context.Context) (Result, error) {
			params := &stock.CreateSessionTokenFromTemplateParams{ClerkAPIVersion: stockVersion}
			return stockToken(c.CreateSessionTokenFromTemplateWithResponse(ctx, SessionID, Template, params, body()))
		},
		"NotFound": func(ctx context.Context) (Result, error) {
			res, err := stockGet(ctx, c, MissingID)
			if err != nil {
				return Result{}, err
			}
			return Result{Code: res.JSON404.Errors[0].Code}, nil
		},
	}, nil
}

const stockVersion = "2026-05-12"

func stockGet(ctx context.Context, c *stock.ClientWithResponses, id string) (*stock.GetSessionResponse, error) {
	return c.GetSessionWithResponse(ctx, id, &stock.GetSessionParams{ClerkAPIVersion: stockVersion})
}

func stockList(c *stock.ClientWithResponses, limit, offset int) call {
	return func(ctx context.Context) (Result, error) {
		params := &stock.GetSessionListParams{
			ClerkAPIVersion: stockVersion, UserId: new(UserID), Paginated: new(true), Limit: &limit,
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
		result := stockResult(&page.Data[len(page.Data)-1])
		result.Count = len(page.Data)
		return result, nil
	}
}

func stockSession(res interface{ GetJSON200() *stock.Session }, err error) (Result, error) {
	if err != nil {
		return Result{}, err
	}
	return stockResult(res.GetJSON200()), nil
}

func stockResult(s *stock.Session) Result {
	return Result{ID: s.Id, Browser: *s.LatestActivity.BrowserName, Expire: s.ExpireAt}
}

func stockToken(res interface{ GetJSON200() *stock.Token }, err error) (Result, error) {
	if err != nil {
		return Result{}, err
	}
	return Result{JWT: res.GetJSON200().Jwt}, nil
}
