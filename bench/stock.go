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
	s := stockCalls{c}
	return Calls{
		"Get":                     s.get,
		"List10":                  s.list(10, 0),
		"List500":                 s.list(500, 0),
		"List500Streamed":         s.list(500, Streamed),
		"Create":                  s.create,
		"Refresh":                 s.refresh,
		"Revoke":                  s.revoke,
		"Verify":                  s.verify,
		"CreateToken":             s.createToken,
		"CreateTokenFromTemplate": s.createTokenFromTemplate,
		"NotFound":                s.notFound,
	}, nil
}

const stockVersion = "2026-05-12"

// stockCalls makes one call of each operation.
type stockCalls struct{ *stock.ClientWithResponses }

func (c stockCalls) get(ctx context.Context) (Result, error) {
	res, err := c.GetSessionWithResponse(ctx, SessionID, &stock.GetSessionParams{ClerkAPIVersion: stockVersion})
	if err != nil {
		return Result{}, err
	}
	return stockSession(res.JSON200)
}

func (c stockCalls) list(limit, offset int) call {
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
		result, err := stockSession(&page.Data[len(page.Data)-1])
		result.Count = len(page.Data)
		return result, err
	}
}

func (c stockCalls) create(ctx context.Context) (Result, error) {
	params := &stock.CreateSessionParams{ClerkAPIVersion: stockVersion}
	res, err := c.CreateSessionWithResponse(ctx, params, stock.CreateSession{UserId: UserID})
	if err != nil {
		return Result{}, err
	}
	return stockSession(res.JSON200)
}

func (c stockCalls) refresh(ctx context.Context) (Result, error) {
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
}

func (c stockCalls) revoke(ctx context.Context) (Result, error) {
	params := &stock.RevokeSessionParams{ClerkAPIVersion: stockVersion}
	res, err := c.RevokeSessionWithResponse(ctx, SessionID, params)
	if err != nil {
		return Result{}, err
	}
	return stockSession(res.JSON200)
}

func (c stockCalls) verify(ctx context.Context) (Result, error) {
	params := &stock.VerifySessionParams{ClerkAPIVersion: "2025-03-12"}
	res, err := c.VerifySessionWithResponse(ctx, SessionID, params, stock.VerifySession{Token: Expired})
	if err != nil {
		return Result{}, err
	}
	return stockSession(res.JSON200)
}

func (c stockCalls) createToken(ctx context.Context) (Result, error) {
	params := &stock.CreateSessionTokenParams{ClerkAPIVersion: stockVersion}
	res, err := c.CreateSessionTokenWithResponse(ctx, SessionID, params, stockLifetime())
	if err != nil {
		return Result{}, err
	}
	return Result{JWT: res.JSON200.Jwt}, nil
}

func (c stockCalls) createTokenFromTemplate(ctx context.Context) (Result, error) {
	params := &stock.CreateSessionTokenFromTemplateParams{ClerkAPIVersion: stockVersion}
	res, err := c.CreateSessionTokenFromTemplateWithResponse(ctx, SessionID, Template, params, stockLifetime())
	if err != nil {
		return Result{}, err
	}
	return Result{JWT: res.JSON200.Jwt}, nil
}

func (c stockCalls) notFound(ctx context.Context) (Result, error) {
	res, err := c.GetSessionWithResponse(ctx, MissingID, &stock.GetSessionParams{ClerkAPIVersion: stockVersion})
	if err != nil {
		return Result{}, err
	}
	return Result{Code: res.JSON404.Errors[0].Code}, nil
}

func stockSession(s *stock.Session) (Result, error) {
	return Result{ID: s.Id, Browser: *s.LatestActivity.BrowserName, Expire: s.ExpireAt}, nil
}

func stockLifetime() stock.CreateToken { return stock.CreateToken{ExpiresInSeconds: new(Lifetime)} }
