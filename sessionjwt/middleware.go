package sessionjwt

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

// sessionCookie is where Clerk keeps the token of a same-origin browser app.
const sessionCookie = "__session"

type claimsKey struct{}

// ContextWithClaims returns ctx with c in it, for ClaimsFromContext. The
// middleware does this; call it for transports other than net/http, and in
// tests of handlers.
func ContextWithClaims(ctx context.Context, c *Claims) context.Context {
	return context.WithValue(ctx, claimsKey{}, c)
}

// ClaimsFromContext returns the claims that the middleware found. ok is false
// behind OptionalSession when nobody is signed in, and without middleware.
func ClaimsFromContext(ctx context.Context) (c *Claims, ok bool) {
	c, _ = ctx.Value(claimsKey{}).(*Claims)
	return c, c != nil
}

// RequireSession is middleware that lets only signed-in users through to next,
// which finds their claims with ClaimsFromContext. Other requests are answered
// with 503 if the keys are unavailable and 401 if not, and a short JSON body;
// see WithFailureHandler to answer differently.
func (v *Verifier) RequireSession(next http.Handler) http.Handler {
	return v.middleware(next, func(error) bool { return false })
}

// OptionalSession is middleware that lets signed-in users through to next with
// their claims, and everybody else without. A request whose token does not
// verify counts as signed out, as one without a token does: browsers keep
// expired tokens for as long as a tab sleeps. Only if the keys are unavailable
// is the request refused as with RequireSession, because nobody then knows
// whether the user is signed in.
func (v *Verifier) OptionalSession(next http.Handler) http.Handler {
	return v.middleware(next, func(err error) bool { return !errors.Is(err, ErrKeysUnavailable) })
}

// middleware lets requests without a valid token through if tolerated says so.
func (v *Verifier) middleware(next http.Handler, tolerated func(error) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, err := v.verifyRequest(r)
		switch {
		case err == nil:
			r = r.WithContext(ContextWithClaims(r.Context(), claims))
		case !tolerated(err):
			v.onFailure(w, r, err)
			return
		default: // not even those of a middleware further out
			r = r.WithContext(ContextWithClaims(r.Context(), nil))
		}
		next.ServeHTTP(w, r)
	})
}

func (v *Verifier) verifyRequest(r *http.Request) (*Claims, error) {
	token := tokenOf(r)
	if token == "" {
		return nil, fail(ErrNoToken, "want Authorization: Bearer or the cookie %s", sessionCookie)
	}
	return v.Verify(r.Context(), token)
}

// tokenOf finds the token in the first Authorization header of the Bearer
// scheme that has one, or else in the cookie.
func tokenOf(r *http.Request) string {
	for _, value := range r.Header.Values("Authorization") {
		scheme, token, _ := strings.Cut(value, " ")
		if token = strings.TrimSpace(token); token != "" && strings.EqualFold(scheme, "Bearer") {
			return token
		}
	}
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		return cookie.Value
	}
	return ""
}

// writeFailure is the default failure handler.
func writeFailure(w http.ResponseWriter, _ *http.Request, err error) {
	status, code := http.StatusUnauthorized, "token_invalid"
	switch {
	case errors.Is(err, ErrKeysUnavailable):
		status, code = http.StatusServiceUnavailable, "keys_unavailable"
	case errors.Is(err, ErrNoToken):
		code = "token_missing"
	case errors.Is(err, ErrExpired):
		code = "token_expired"
	case errors.Is(err, ErrPending):
		code = "session_pending"
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"error":"`+code+`"}`+"\n") // a client that has gone needs no answer
}
