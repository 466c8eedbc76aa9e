//go:build ogen

//lint:file-ignore SA1019 Verify is deprecated and measured all the same.

package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	gen "github.com/clerksessions/clerksessions/bench/ogenclient"
)

func init() { Clients = slices.Insert(Clients, 1, Client{"ogen", ogen}) }

// secret is the SecuritySource of the client.
type secret struct{}

func (secret) BearerAuth(context.Context, gen.OperationName) (gen.BearerAuth, error) {
	return gen.BearerAuth{Token: SecretKey}, nil
}

const ogenVersion = gen.ClerkAPIVersion20260512

// ogen is the client that ogen generates from the contract.
func ogen(baseURL string, transport http.RoundTripper) (Calls, error) {
	c, err := gen.NewClient(baseURL, secret{}, gen.WithClient(&http.Client{Transport: transport}))
	if err != nil {
		return nil, err
	}
	lifetime := gen.NewOptCreateToken(gen.CreateToken{ExpiresInSeconds: gen.NewOptNilInt(Lifetime)})
	return Calls{
		"Get":             func(ctx context.Context) (Result, error) { return ogenGet(ctx, c, SessionID) },
		"List10":          ogenList(c, 10, 0),
		"List500":         ogenList(c, 500, 0),
		"List500Streamed": ogenList(c, 500, Streamed),
		"Create": func(ctx context.Context) (Result, error) {
			params := gen.CreateSessionParams{ClerkAPIVersion: ogenVersion}
			return ogenResult(c.CreateSession(ctx, &gen.CreateSession{UserID: UserID}, params))
		},
		"Refresh": func(ctx context.Context) (Result, error) {
			body := &gen.RefreshSession{
				ExpiredToken: Expired, RefreshToken: Refresher, RequestOrigin: Origin,
				Format: gen.NewOptNilRefreshSessionFormat(gen.RefreshSessionFormatToken),
			}
			params := gen.RefreshSessionParams{ClerkAPIVersion: ogenVersion, SessionID: SessionID}
			return ogenResult(c.RefreshSession(ctx, body, params))
		},
		"Revoke": func(ctx context.Context) (Result, error) {
			params := gen.RevokeSessionParams{ClerkAPIVersion: ogenVersion, SessionID: SessionID}
			return ogenResult(c.RevokeSession(ctx, params))
		},
		"Verify": func(ctx context.Context) (Result, error) {
			params := gen.VerifySessionParams{
				ClerkAPIVersion: gen.ClerkAPIVersionOfVerify20250312, SessionID: SessionID,
			}
			return ogenResult(c.VerifySession(ctx, &gen.VerifySession{Token: Expired}, params))
		},
		"CreateToken": func(ctx context.Context) (Result, error) {
			params := gen.CreateSessionTokenParams{ClerkAPIVersion: ogenVersion, SessionID: SessionID}
			return ogenResult(c.CreateSessionToken(ctx, lifetime, params))
		},
		"CreateTokenFromTemplate": func(ctx context.Context) (Result, error) {
			params := gen.CreateSessionTokenFromTemplateParams{
				ClerkAPIVersion: ogenVersion, SessionID: SessionID, TemplateName: Template,
			}
			return ogenResult(c.CreateSessionTokenFromTemplate(ctx, lifetime, params))
		},
		"NotFound": func(ctx context.Context) (Result, error) { return ogenGet(ctx, c, MissingID) },
	}, nil
}

func ogenGet(ctx context.Context, c *gen.Client, id string) (Result, error) {
	return ogenResult(c.GetSession(ctx, gen.GetSessionParams{ClerkAPIVersion: ogenVersion, SessionID: id}))
}

func ogenList(c *gen.Client, limit, offset int) call {
	return func(ctx context.Context) (Result, error) {
		params := gen.GetSessionListParams{
			ClerkAPIVersion: ogenVersion,
			UserID:          gen.NewOptString(UserID), Paginated: gen.NewOptBool(true), Limit: gen.NewOptInt(limit),
		}
		if offset != 0 {
			params.Offset = gen.NewOptInt(offset)
		}
		return ogenResult(c.GetSessionList(ctx, params))
	}
}

// ogenResult converts a response, depending on its type.
func ogenResult(res any, err error) (Result, error) {
	if err != nil {
		return Result{}, err
	}
	one := func(s *gen.Session) Result {
		return Result{ID: s.ID, Browser: s.LatestActivity.Value.BrowserName.Value, Expire: s.ExpireAt}
	}
	switch res := res.(type) {
	case *gen.SessionHeaders:
		return one(&res.Response), nil
	case *gen.GetSessionListOKHeaders:
		data := res.Response.SessionPage.Data
		result := one(&data[len(data)-1])
		result.Count = len(data)
		return result, nil
	case *gen.TokenHeaders:
		return Result{JWT: res.Response.Jwt}, nil
	case *gen.RefreshSessionOKHeaders:
		return Result{JWT: res.Response.Token.Jwt}, nil
	case *gen.NotFoundHeaders:
		return Result{Code: res.Response.Errors[0].Code}, nil
	}
	return Result{}, fmt.Errorf("unexpected response %T", res)
}
