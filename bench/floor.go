package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/clerksessions/clerksessions"
)

// handwritten is a minimal client: no checks, no retries, no timeout, one error type. It
// decodes into our types with our JSON library.
type handwritten struct {
	baseURL string
	http    http.Client
}

type failure struct {
	Status int                        `json:"-"`
	Errors []clerksessions.ClerkError `json:"errors"`
}

func (f *failure) Error() string { return fmt.Sprintf("status %d: %v", f.Status, f.Errors) }

func (c *handwritten) do(ctx context.Context, method, path string, body, into any) error {
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.baseURL+path, payload)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+SecretKey)
	req.Header.Set("Clerk-Api-Version", "2026-05-12")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		f := &failure{Status: res.StatusCode}
		if err := json.Unmarshal(data, f); err != nil {
			return err
		}
		return f
	}
	return json.Unmarshal(data, into)
}

func (c *handwritten) session(method, path string, body any) call {
	return func(ctx context.Context) (Result, error) {
		var s clerksessions.Session
		if err := c.do(ctx, method, path, body, &s); err != nil {
			return Result{}, err
		}
		return Result{ID: s.ID, Browser: s.LatestActivity.BrowserName, Expire: int64(s.ExpireAt)}, nil
	}
}

func (c *handwritten) list(limit, offset int) call {
	return func(ctx context.Context) (Result, error) {
		path := "/sessions?paginated=true&user_id=" + UserID + "&limit=" + strconv.Itoa(limit)
		if offset != 0 {
			path += "&offset=" + strconv.Itoa(offset)
		}
		var page clerksessions.SessionPage
		if err := c.do(ctx, http.MethodGet, path, nil, &page); err != nil {
			return Result{}, err
		}
		s := page.Data[len(page.Data)-1]
		return Result{s.ID, s.LatestActivity.BrowserName, int64(s.ExpireAt), len(page.Data), "", ""}, nil
	}
}

func (c *handwritten) token(path string, body any) call {
	return func(ctx context.Context) (Result, error) {
		var t clerksessions.Token
		err := c.do(ctx, http.MethodPost, path, body, &t)
		return Result{JWT: t.JWT}, err
	}
}

func (c *handwritten) notFound(ctx context.Context) (Result, error) {
	err := c.do(ctx, http.MethodGet, "/sessions/"+MissingID, nil, new(clerksessions.Session))
	refused, ok := err.(*failure) //nolint:errorlint // do does not wrap it
	if !ok {
		return Result{}, err
	}
	return Result{Code: refused.Errors[0].Code}, nil
}

// floor is the hand-written minimal client.
func floor(baseURL string, transport http.RoundTripper) (Calls, error) {
	type verify struct {
		Token string `json:"token"`
	}
	type lifetime struct {
		ExpiresInSeconds int `json:"expires_in_seconds"`
	}
	type refresh struct {
		clerksessions.RefreshParams
		Format string `json:"format"`
	}
	const one = "/sessions/" + SessionID
	c := &handwritten{baseURL, http.Client{Transport: transport}}
	return Calls{
		"Get":             c.session(http.MethodGet, one, nil),
		"List10":          c.list(10, 0),
		"List500":         c.list(500, 0),
		"List500Streamed": c.list(500, Streamed),
		"Create":          c.session(http.MethodPost, "/sessions", clerksessions.CreateParams{UserID: UserID}),
		"Refresh": c.token(one+"/refresh", refresh{
			clerksessions.RefreshParams{ExpiredToken: Expired, RefreshToken: Refresher, RequestOrigin: Origin},
			"token",
		}),
		"Revoke":                  c.session(http.MethodPost, one+"/revoke", nil),
		"Verify":                  c.session(http.MethodPost, one+"/verify", verify{Expired}),
		"CreateToken":             c.token(one+"/tokens", lifetime{Lifetime}),
		"CreateTokenFromTemplate": c.token(one+"/tokens/"+Template, lifetime{Lifetime}),
		"NotFound":                c.notFound,
	}, nil
}
