package clerksessions_test

import (
	stdjson "encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

const sessionOfTomorrow = `{"object":"session","id":"sess_1","user_id":"user_1","client_id":"client_1","status":"active",` +
	`"created_at":1,"updated_at":2,"last_active_at":3,"expire_at":4,"abandon_at":5,"latest_activity":` +
	`{"object":"session_activity","id":"act_1","is_mobile":true,"asn":{"number":64512}},"risk":"low","factors":[1,2.5,null]}`

func TestUnknownMembersSurvive(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, req *http.Request) { _, _ = io.WriteString(w, sessionOfTomorrow) })
	session, err := newClient(t, base).Get(t.Context(), "sess_1")
	require.NoError(t, err)
	assert.Equal(t, "low", session.Extra["risk"])
	assert.Contains(t, session.LatestActivity.Extra, "asn")

	for name, marshal := range map[string]func() ([]byte, error){
		"json/v2":       func() ([]byte, error) { return json.Marshal(session) },
		"encoding/json": func() ([]byte, error) { return stdjson.Marshal(session) },
		"a value":       func() ([]byte, error) { return stdjson.Marshal(*session) },
	} {
		encoded, err := marshal()
		require.NoError(t, err, name)
		assert.JSONEq(t, sessionOfTomorrow, string(encoded), name)
	}
}

func TestUnknownMembersSurviveInAPageAndAnError(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/sessions" {
			_, _ = fmt.Fprintf(w, `{"data":[%s],"total_count":1,"next":"c"}`, sessionOfTomorrow)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w,
			`{"errors":[{"code":"resource_not_found","message":"m","long_message":"l","doc_url":"u"}]}`)
	})
	client := newClient(t, base)
	page, err := client.List(t.Context(), clerksessions.ListParams{UserID: "user_1"})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"next": "c"}, page.Extra)
	assert.Equal(t, "low", page.Data[0].Extra["risk"])
	_, err = client.Get(t.Context(), "sess_1")
	var apiErr *clerksessions.Error
	require.ErrorAs(t, err, &apiErr)
	assert.Equal(t, map[string]any{"doc_url": "u"}, apiErr.Errors[0].Extra)
}

// A session without unknown members looks in JSON as it did before there was Extra.
func TestNoUnknownMembers(t *testing.T) {
	t.Parallel()
	for _, marshal := range []func(any) ([]byte, error){stdjson.Marshal, func(v any) ([]byte,
		error) {
		return json.Marshal(v)
	}} {
		encoded, err := marshal(clerksessions.SessionTask{Key: "setup-mfa"})
		require.NoError(t, err)
		assert.JSONEq(t, `{"key":"setup-mfa"}`, string(encoded))
	}
}

func TestAnUnknownMemberOfATokenIsNotPrinted(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.WriteString(w, `{"object":"token","jwt":"jwt-canary","refresh_token":"extra-canary"}`)
	})
	token, err := newClient(t, base).CreateToken(t.Context(), "sess_1", clerksessions.TokenParams{})
	require.NoError(t, err)
	assert.Equal(t, "extra-canary", token.Extra["refresh_token"])
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", token, *token, *token, *token),
		fmt.Sprint(token.LogValue())} {
		assert.NotContains(t, text, "canary")
	}
}
