package clerksessions_test

import (
	stdjson "encoding/json"
	"fmt"
	"math"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

func TestBothShapesOfAList(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body  string
		count int
		total int
		says  string
	}{
		"page":                    {body: `{"data":[` + aSession + `],"total_count":7}`, count: 1, total: 7},
		"bare list":               {body: " \n[" + aSession + "," + aSession + "]", count: 2, total: 2},
		"empty page":              {body: `{"data":[],"total_count":0}`},
		"empty list":              {body: `[]`},
		"missing data":            {body: `{"total_count":3}`, says: `missing "data"`},
		"list under another name": {body: `{"items":[{"a":1},{"a":2}],"total_count":3}`, says: `missing "data"`},
		"null data":               {body: `{"data":null,"total_count":3}`, says: `missing "data"`},
		"session without id":      {body: `[` + aSession + `,{"object":"session"}]`, says: `missing "id" in session 1`},
		"null session":            {body: `[null]`, says: `in session 0`},
		"data of another type":    {body: `{"data":{},"total_count":3}`, says: "invalid SessionPage in response"},
		"total of another type":   {body: `{"data":[],"total_count":"3"}`, says: "invalid SessionPage in response"},
		"fractional time":         {body: `[{"object":"session","id":"sess_1","created_at":1.5}]`, says: "at byte 48, in 0.created_at"},
		"fractional time, page":   {body: `{"data":[{"object":"session","created_at":1.5}]}`, says: "at byte 42, in data.0.created_at"},
		"truncated bare list":     {body: `[` + aSession + `,{"object":"session","latest_activity":{"city":"A`, says: ", in 1.latest_activity.city"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := responding(t, 200, nil, test.body).List(t.Context(), clerksessions.ListParams{UserID: "user_1"})
			if test.says != "" {
				require.ErrorContains(t, err, test.says)
				assert.Nil(t, page)
				return
			}
			require.NoError(t, err)
			assert.Len(t, page.Data, test.count)
			assert.Equal(t, test.total, page.TotalCount)
		})
	}
}

func TestRefreshRejectsTheOtherFormat(t *testing.T) {
	t.Parallel()
	_, err := responding(t, 200, nil, `{"object":"cookies","cookies":["__session=x"]}`).Refresh(t.Context(), "sess_1", refresh)
	assert.ErrorContains(t, err, `missing "object": "token"`)
	_, err = responding(t, 200, nil, `{"object":"token","jwt":""}`).Refresh(t.Context(), "sess_1", refresh)
	assert.ErrorContains(t, err, `missing "jwt"`)
	_, err = responding(t, 200, nil, `{"object":"token","jwt":"x"}`).RefreshCookies(t.Context(), "sess_1", refresh)
	assert.ErrorContains(t, err, `missing "object": "cookies"`)
}

func TestResponsesAreLimited(t *testing.T) {
	t.Parallel()
	for limit, fits := range map[int64]bool{int64(len(aSession)): true, math.MaxInt64: true, int64(len(aSession)) - 1: false} {
		client := responding(t, 200, nil, aSession, clerksessions.WithMaxResponseBytes(limit))
		_, err := client.Get(t.Context(), "sess_1")
		if fits {
			assert.NoError(t, err, limit)
		} else {
			assert.EqualError(t, err, fmt.Sprintf("clerksessions: GetSession: 200 OK: response exceeds %d bytes", limit))
		}
	}
}

func TestAPageOfHTMLWithStatus200(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{
		"text/html; charset=utf-8": ` (Content-Type "text/html; charset=utf-8")`,
		"text/" + testKey:          ` (Content-Type "text/[redacted]")`,
		"application/json":         "",
		"":                         ` (Content-Type "")`,
	} {
		_, err := responding(t, 200, http.Header{"Content-Type": {contentType}}, "<html>").List(t.Context(), everySession)
		assert.EqualError(t, err, "clerksessions: GetSessionList: 200 OK: invalid SessionPage in response: invalid JSON at byte 0"+want)
	}
}

func TestMetaHoldsTheLastCallOnly(t *testing.T) {
	t.Parallel()
	var meta clerksessions.Meta
	_, err := responding(t, 200, nil, aSession).Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
	require.NoError(t, err)
	assert.Equal(t, aSession, string(meta.Body))

	client := responding(t, 200, http.Header{}, `{"object":"token","jwt":"canary"}`)
	_, err = client.Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
	require.Error(t, err)
	assert.Equal(t, clerksessions.Meta{StatusCode: 200, Header: http.Header{}, Attempts: 1}, meta, "no body is kept of a success that cannot be used")

	_, err = client.Get(t.Context(), "", clerksessions.WithMeta(&meta))
	require.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
	assert.Equal(t, clerksessions.Meta{}, meta, "nothing was sent")
}

// sessionOfTomorrow has members and a status that this version of the contract does not.
const sessionOfTomorrow = `{"object":"session","id":"sess_1","user_id":"user_1","client_id":"client_1","status":"hibernating",` +
	`"created_at":1794786307113,"updated_at":2,"last_active_at":3,"expire_at":4,"abandon_at":5,"latest_activity":` +
	`{"object":"session_activity","id":"act_1","is_mobile":true,"asn":{"number":64512}},"risk":"low","factors":[1,2.5,null]}`

func TestUnknownMembersAreKept(t *testing.T) {
	t.Parallel()
	session, err := responding(t, 200, nil, sessionOfTomorrow).Get(t.Context(), "sess_1")
	require.NoError(t, err)
	assert.Equal(t, clerksessions.SessionStatus("hibernating"), session.Status)
	assert.EqualValues(t, int64(1794786307113), session.CreatedAt, "64 bits on every platform")
	assert.Equal(t, "low", session.Extra["risk"])
	assert.Contains(t, session.LatestActivity.Extra, "asn")
	for _, test := range []struct {
		value any
		want  string
	}{
		{session, sessionOfTomorrow}, {*session, sessionOfTomorrow},
		{clerksessions.SessionTask{Key: "setup-mfa"}, `{"key":"setup-mfa"}`},
	} {
		encoded, err := json.Marshal(test.value)
		require.NoError(t, err)
		assert.JSONEq(t, test.want, string(encoded))
		encoded, err = stdjson.Marshal(test.value)
		require.NoError(t, err)
		assert.JSONEq(t, test.want, string(encoded), "encoding/json")
	}
}

func TestUnknownMembersOfAPageAndAnError(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf(`{"data":[%s],"total_count":1,"next":"c"}`, sessionOfTomorrow)
	page, err := responding(t, 200, nil, body).List(t.Context(), clerksessions.ListParams{UserID: "user_1"})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"next": "c"}, page.Extra)
	assert.Equal(t, "low", page.Data[0].Extra["risk"])

	body = `{"errors":[{"code":"resource_not_found","message":"m","long_message":"l","doc_url":"u"}]}`
	_, err = responding(t, 404, nil, body).Get(t.Context(), "sess_1")
	var apiErr *clerksessions.Error
	require.ErrorAs(t, err, &apiErr)
	assert.Equal(t, map[string]any{"doc_url": "u"}, apiErr.Errors[0].Extra)
}

func TestAnUnknownMemberOfATokenIsNotPrinted(t *testing.T) {
	t.Parallel()
	body := `{"object":"token","jwt":"jwt-canary","refresh_token":"extra-canary"}`
	token, err := responding(t, 200, nil, body).CreateToken(t.Context(), "sess_1", clerksessions.TokenParams{})
	require.NoError(t, err)
	assert.Equal(t, "extra-canary", token.Extra["refresh_token"])
	noSecrets(t, token, *token, token.LogValue())
}
