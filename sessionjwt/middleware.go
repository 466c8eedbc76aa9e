package sessionjwt

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

// sessionCookie is the cookie of a same-origin browser app.
const sessionCookie = "__session"

type claimsKey struct{}

// ContextWithClaims returns a copy of ctx that carries c for ClaimsFromContext. The
// middleware calls it. Use it for transports other than net/http and in tests of
// handlers.
func ContextWithClaims(ctx context.Context, c *Claims) context.Context {
	return context.WithValue(ctx, claimsKey{}, c)
}

// ClaimsFromContext returns the claims of the signed-in user. ok is false if
// OptionalSession let a signed-out request through or if no middleware ran.
func ClaimsFromContext(ctx context.Context) (c *Claims, ok bool) {
	c, _ = ctx.Value(claimsKey{}).(*Claims)
	return c, c != nil
}

// RequireSession returns a handler that calls next if the user is signed in;
// next gets the claims from ClaimsFromContext. Otherwise the response is 401, or 503
// if the keys are unavailable, with a short JSON body. WithFailureHandler replaces
// this response.
//
// Combine it with [http.CrossOriginProtection] if tokens arrive in cookies; see
// "Cookies" in the package documentation.
func (v *Verifier) RequireSession(next http.Handler) http.Handler {
	return v.middleware(next, false)
}

// OptionalSession returns a handler that calls next whether or not the user is
// signed in; only signed-in users have claims. A request whose token is rejected
// counts as signed out, since browsers keep expired tokens while a tab sleeps. If
// the keys are unavailable, the response is 503, as with RequireSession.
func (v *Verifier) OptionalSession(next http.Handler) http.Handler {
	return v.middleware(next, true)
}

func (v *Verifier) middleware(next http.Handler, optional bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, err := v.verifyRequest(r)
		if err != nil && (!optional || errors.Is(err, ErrKeysUnavailable)) {
			v.onFailure(w, r, err)
			return
		}
		// Nil claims hide those of an outer middleware.
		next.ServeHTTP(w, r.WithContext(ContextWithClaims(r.Context(), claims)))
	})
}

func (v *Verifier) verifyRequest(r *http.Request) (*Claims, error) {
	token := tokenOf(r)
	if token == "" {
		return nil, fail(ErrNoToken, "want Authorization: Bearer or the cookie %s", sessionCookie)
	}
	return v.Verify(r.Context(), token)
}

// tokenOf returns the token of the first Bearer Authorization header that is not
// empty, or else of the cookie.
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
	_, _ = io.WriteString(w, `{"error":"`+code+`"}`+"\n") // the client may have gone
}
