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

// FuzzControl sends hostile requests to the control API. Every response is a success or
// an error of Clerk's form, never a 5xx; no request of another origin or without the key
// succeeds; and the state can be dumped and loaded again.
func FuzzControl(f *testing.F) {
	srv := sessionstest.New(sessionstest.WithStart(start), sessionstest.WithControl(), sessionstest.WithStrictUsers())
	check(srv.Seed(sessionstest.Seed{
		Users:         []sessionstest.User{{ID: "user_1"}},
		Organizations: []sessionstest.Organization{{ID: "org_1", Members: []sessionstest.Member{{UserID: "user_1"}}}},
		Sessions:      []clerksessions.Session{{ID: "sess_1", UserID: "user_1", LastActiveOrganizationID: "org_1"}},
		Templates:     []sessionstest.Template{{Name: "hasura"}},
		RefreshTokens: []sessionstest.RefreshToken{{Token: "rt_1", SessionID: "sess_1"}},
	}))
	send := func(method, path, host, origin, body string, key bool) *httptest.ResponseRecorder {
		header := http.Header{"Content-Type": {"application/json"}}
		if origin != "" {
			header.Set("Origin", origin)
		}
		if key {
			header.Set("Authorization", "Bearer "+srv.SecretKey)
		}
		u := &url.URL{Path: "/_emulator/" + path}
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, &http.Request{Method: method, URL: u, Header: header, Body: io.NopCloser(strings.NewReader(body)), Host: host})
		return w
	}
	for _, request := range []string{
		"POST reset", `PUT state {"deleted":["user_1"],"users":[{"id":"user_1"}]}`, `PUT clock {"now":"2030-01-01T00:00:00Z"}`,
		`POST clock/advance {"seconds":1e308}`, `PUT maintenance {"on":true}`, `POST faults {"times":-1,"pad_to":1e9}`,
		"GET requests", `POST tokens {"session_id":"sess_1","claims":{"exp":null},"header":{"alg":"none"},"signature":""}`,
		`PATCH users/user_1 {"id":null}`, `POST users {"email_addresses":["a@b","a@b"]}`, `DELETE users/user_1`,
		`PATCH organizations/org_1 {"members":[]}`, `DELETE organizations/org_1`, `PATCH sessions/sess_1 {"user_id":"user_2"}`,
		`PATCH sessions/sess_1 {"created_at":-9223372036854775808,"expire_at":9223372036854775807}`,
		`PATCH templates/hasura {"name":"..","claims":{"exp":1}}`, `POST refresh_tokens {"session_id":"sess_1","token":"\u0000"}`,
	} {
		method, rest, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(rest, " ")
		f.Add(method, path, "127.0.0.1:8787", "", body, true)
		f.Add(method, path, "evil.example", "https://evil.example", body, false)
	}
	f.Fuzz(func(t *testing.T, method, path, host, origin, body string, key bool) {
		if strings.Contains(path, "rotate") || len(body) > 1<<16 {
			t.Skip() // a new key takes a tenth of a second
		}
		if w := send("POST", "reset", "localhost", "", "", true); w.Code != 204 {
			t.Fatalf("reset: %d %s", w.Code, w.Body)
		}
		w := send(method, path, host, origin, body, key)
		switch {
		case w.Code < 300 && path == "openapi.yaml":
		case w.Code < 300 && !key:
			t.Errorf("%d without a key", w.Code)
		case w.Code < 300 && origin != "" && origin != "http://"+host && origin != "https://"+host:
			if u, err := url.Parse(origin); err != nil || u.Host != host {
				t.Errorf("%d for the origin %q at %q", w.Code, origin, host)
			}
		case w.Code >= 500:
			t.Errorf("%d: %s", w.Code, w.Body)
		case w.Code >= 400:
			var e errorResponse
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || len(e.Errors) != 1 || e.Errors[0].Code == "" {
				t.Errorf("%d: %q", w.Code, w.Body)
			}
		}
		if err := sessionstest.New(sessionstest.WithStart(start), sessionstest.WithStrictUsers()).Seed(srv.State()); err != nil {
			t.Errorf("the state cannot be loaded: %v", err)
		}
	})
}
