package sessionstest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// FuzzHandler sends hostile requests, with the key or without, to a Server with some
// state. Every response is 200 with JSON or an error of Clerk's form, never a 5xx; no
// secret is recorded; no other session changes.
func FuzzHandler(f *testing.F) {
	srv := sessionstest.New(sessionstest.WithStart(start))
	watched := srv.AddSession(clerksessions.Session{ID: "sess_watched", UserID: "user_watched"})
	srv.AddSession(clerksessions.Session{ID: "sess_1", UserID: "user_1", Tasks: []clerksessions.SessionTask{{Key: "setup-mfa"}}})
	srv.AddTemplate(sessionstest.Template{Name: "hasura"})
	srv.AddRefreshToken(sessionstest.RefreshToken{Token: "rt_1", SessionID: "sess_1"})
	token := srv.Mint("sess_1", sessionstest.MintParams{ExpiresIn: 3600})
	expired := srv.Mint("sess_1", sessionstest.MintParams{Origin: app, ExpiresIn: -1})

	for _, op := range clerksessions.Operations() {
		path := "/v1" + strings.NewReplacer("{session_id}", "sess_1", "{template_name}", "hasura").Replace(op.Path)
		f.Add(op.Method, path, "user_id=user_1&paginated=true", true, "application/json", op.APIVersion, "", `{"user_id":"user_1"}`)
		f.Add(op.Method, path, "client_id=%zz;&limit=1e3", true, "application/json", op.APIVersion, app, `{"token":"`+token+`"}`)
		f.Add(op.Method, path, "", true, "application/json; charset=utf-8", op.APIVersion, "null", `{"expires_in_seconds":1e400}`)
		f.Add(op.Method, path, "suffixed_cookies=1", true, "application/json", op.APIVersion, "", `{"expired_token":"`+expired+`","refresh_token":"rt_1","request_origin":"`+app+`","format":"cookie"}`)
		f.Add(op.Method, path, "", false, "text/plain", "", "", "\xff\xfe")
	}
	f.Add("GET", "/v1/sessions/%00%ff", "", true, "", "2026-05-12", "", "")
	f.Add("POST", "/v1/sessions/sess_1/tokens/%E6%97%A5", "__clerk_api_version=2020", true, "application/json", "", "\x7f", strings.Repeat("[", 20_000))
	f.Add("POST", "/v1/sessions", "", true, "application/json", "2026-05-12", "", `{"user_id":"\ud800","`+strings.Repeat("a", 5000)+`":1}`)
	f.Add("OPTIONS", "*", "", true, "", "", "", "")

	f.Fuzz(func(t *testing.T, method, path, query string, key bool, media, version, origin, body string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || len(body) > 1<<16 {
			t.Skip()
		}
		u.RawQuery = query
		header := http.Header{"Content-Type": {media}, "Clerk-Api-Version": {version}, "Origin": {origin}}
		if version == "" {
			header.Del("Clerk-Api-Version")
		}
		if key {
			header.Set("Authorization", "Bearer "+srv.SecretKey)
		}
		srv.ClearRequests()
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, &http.Request{Method: method, URL: u, Header: header, Body: io.NopCloser(strings.NewReader(body)), Host: "clerk.invalid"})

		open := strings.HasPrefix(u.EscapedPath(), "/.well-known/")
		switch {
		case w.Code == 200 && (key || open):
			var v any
			if json.Unmarshal(w.Body.Bytes(), &v) != nil {
				t.Errorf("200 without JSON: %q", w.Body)
			}
		case w.Code >= 400 && w.Code < 500:
			if err := commonResponse(w.Result(), w.Body.Bytes()); err != nil && w.Result().ContentLength >= 0 {
				t.Errorf("%d: %v", w.Code, err)
			}
			if !key && !open && w.Code != 401 {
				t.Errorf("%d without a key", w.Code)
			}
		default:
			t.Errorf("%d: %q", w.Code, w.Body)
		}
		recorded := srv.Requests()
		if len(recorded) != 1 || strings.Contains(recorded[0].Body+recorded[0].Path, srv.SecretKey) || strings.Contains(recorded[0].Body, token) {
			t.Errorf("recorded: %+v", recorded)
		}
		if now, _ := srv.Session("sess_watched"); now.Status != watched.Status && !strings.Contains(path, "watched") && !strings.Contains(path, "%") {
			t.Error("another session changed")
		}
	})
}
