package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

func TestSignOutOthers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		site     string // Sec-Fetch-Site
		signedIn bool
		fault    int // status of a revocation
		status   int
		body     string
		live     int // sessions afterwards, of three
	}{
		{name: "two other devices", site: "same-origin", signedIn: true, status: 200, body: "Signed out of 2 other devices.\n", live: 1},
		{name: "one revocation fails", site: "same-origin", signedIn: true, fault: 409, status: 502, body: "Some devices could not be signed out. Please try again.\n", live: 2},
		{name: "no token", site: "same-origin", status: 401, body: "{\"error\":\"token_missing\"}\n", live: 3},
		{name: "page of another site", site: "cross-site", signedIn: true, status: 403, body: "cross-origin request detected from Sec-Fetch-Site header\n", live: 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			srv := sessionstest.NewServer(t)
			for _, id := range []string{"sess_laptop", "sess_phone", "sess_tv"} {
				srv.AddSession(clerksessions.Session{ID: id, UserID: "user_anna"})
			}
			if test.fault != 0 {
				srv.Fail("RevokeSession", 1, sessionstest.Fault{Status: test.fault})
			}
			keys, err := sessionjwt.KeysFromPEM(srv.PublicKeyPEM())
			require.NoError(t, err)
			verifier, err := sessionjwt.New(keys, srv.Issuer)
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodPost, "/sign-out-others", nil)
			r.Header.Set("Sec-Fetch-Site", test.site)
			if test.signedIn {
				r.AddCookie(&http.Cookie{Name: "__session", Value: srv.Mint("sess_laptop", sessionstest.MintParams{})})
			}
			w := httptest.NewRecorder()

			newHandler(srv.Client(), verifier).ServeHTTP(w, r)

			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, test.body, w.Body.String())
			live := 0
			for _, session := range srv.Sessions("user_anna") {
				if !session.Status.Ended() {
					live++
				}
			}
			assert.Equal(t, test.live, live)
			current, _ := srv.Session("sess_laptop")
			assert.Equal(t, clerksessions.SessionStatusActive, current.Status)
		})
	}
}
