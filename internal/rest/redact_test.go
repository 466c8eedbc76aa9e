package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failedResponse returns a response as failed leaves it.
func failedResponse(r *Redactor, res Response, truncated bool) *Response {
	r.failed(&res, truncated)
	return &res
}

func newRedactor(secrets ...string) *Redactor {
	r := new(Redactor)
	for _, secret := range secrets {
		r.Add(secret)
	}
	return r
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, secret, text, want string
	}{
		{"no secret", testSecret, "all is well", "all is well"},
		{"whole secret", testSecret, "key " + testSecret + "!", "key [redacted]!"},
		{"secret twice", testSecret, testSecret + testSecret, "[redacted][redacted]"},
		{"all but the last byte", testSecret, testSecret[:len(testSecret)-1], "[redacted]"},
		{"beginning of 12 bytes", testSecret, "key " + testSecret[:12] + " ends", "key [redacted] ends"},
		{"beginning of 11 bytes", testSecret, testSecret[:11], testSecret[:11]},
		{"beginning and then the whole", testSecret, testSecret[:15] + testSecret, "[redacted][redacted]"},
		{"end of the secret", testSecret, testSecret[1:], testSecret[1:]},
		{"secret of 8 bytes", "12345678", "a12345678b", "a[redacted]b"},
		{"beginning of a secret of 8 bytes", "12345678", "1234567", "1234567"},
		{"secret of 7 bytes", "1234567", "1234567", "1234567"},
		{"short secret within a word", "key", "clerk_key_invalid", "clerk_key_invalid"},
		{"secret with a tab as JSON writes it", "sk_a\ttab_and_more", `"sk_a\ttab_and_more"`, `"[redacted]"`},
		{"secret with a backslash as JSON writes it", `sk_back\slash`, `"sk_back\\slash"`, `"[redacted]"`},
		{"secret with a control character as JSON writes it", "sk_a\x1fseparator", `"sk_a\u001fseparator"`, `"[redacted]"`},
		{"secret with quotes as JSON writes it", `sk_"quoted"`, `"sk_\"quoted\""`, `"[redacted]"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, newRedactor(test.secret).Text(test.text))
		})
	}
}

func TestTheLongestSecretIsRedactedFirst(t *testing.T) {
	t.Parallel()
	r := newRedactor("secret-1", "a-secret-1-and-more")
	assert.Equal(t, "[redacted]|[redacted]", r.Text("a-secret-1-and-more|secret-1"))
	assert.Equal(t, "[redacted]|[redacted]", r.Text("secret-1|a-secret-1-and-more"))
	assert.Equal(t, 6*len("a-secret-1-and-more"), r.margin(), "of the longest")
}

func TestTextOfSeveralSecrets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, first, second, text, want string
	}{
		{"one continues the other, too short to count", "12345678", "12345678abcdefgh", "12345678abX", "[redacted]abX"},
		{"alike but for the first byte", "Xabcdefghijklmno", "Yabcdefghijklmnopq", "Xabcdefghijklmnopq", "[redacted]pq"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, newRedactor(test.first, test.second).Text(test.text))
			assert.Equal(t, test.want, newRedactor(test.second, test.first).Text(test.text))
		})
	}
}

func TestARedactorWithoutSecrets(t *testing.T) {
	t.Parallel()
	r := newRedactor("short")
	assert.Equal(t, "short", r.Text("short"))
	assert.Zero(t, r.margin())
	assert.Equal(t, "body", string(failedResponse(r, Response{Body: []byte("body")}, true).Body))
}

func TestAnErrorUpTo4096BytesKeepsItsChain(t *testing.T) {
	t.Parallel()
	reset := errors.New("reset")
	for size, keeps := range map[int]bool{maxErrorText: true, maxErrorText + 1: false} {
		err := fmt.Errorf("%w%s", reset, strings.Repeat("x", size-len("reset")))
		assert.Equal(t, keeps, errors.Is(newRedactor(testSecret).Error(err), reset), "%d bytes", size)
	}
	assert.Equal(t, 4096, maxErrorText)
}

// Any one field is enough for the header to be redacted.
func TestOneHeaderFieldWithASecret(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		header, want http.Header
	}{
		{"value that begins with it", http.Header{"X": {testSecret + "!"}}, http.Header{"X": {"[redacted]!"}}},
		{"second value", http.Header{"X": {"a", "b" + testSecret}}, http.Header{"X": {"a", "b[redacted]"}}},
		{"name that begins with it", http.Header{testSecret + "-X": {"a"}}, http.Header{"[redacted]": {"a"}}},
		{"name that ends with its beginning", http.Header{"X-" + testSecret[:12]: {"a"}}, http.Header{"[redacted]": {"a"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, failedResponse(newRedactor(testSecret), Response{Header: test.header}, false).Header)
		})
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset")
	for _, test := range []struct {
		name  string
		err   error
		want  string
		keeps bool // the chain
	}{
		{"plain", reset, "connection reset", true},
		{"with the secret", errors.Join(reset, errors.New(testSecret)), "connection reset [redacted]", false},
		{"long", errors.Join(reset, errors.New(strings.Repeat("x", 1000))), "connection reset " + strings.Repeat("x", 283) + "...", true},
		{"very long", errors.Join(reset, errors.New(strings.Repeat("x", 9<<20))), "connection reset " + strings.Repeat("x", 283) + "...", false},
		{"control characters", errors.Join(reset, errors.New("\x1b[2J\u202e")), "connection reset  [2J ", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := newRedactor(testSecret).Error(test.err)
			assert.Equal(t, test.want, err.Error())
			assert.Equal(t, test.keeps, errors.Is(err, reset))
		})
	}
}

func TestFailedRedactsHeaderNamesAndValues(t *testing.T) {
	t.Parallel()
	header := http.Header{
		"X-Quoted": {"Bearer " + testSecret, "fine"},
		"X-Begun":  {testSecret[:13]},
		http.CanonicalHeaderKey("X-" + testSecret): {"a", testSecret},
		"Content-Type": {"text/html"},
	}
	res := failedResponse(newRedactor(testSecret), Response{StatusCode: 500, Header: header}, false)
	assert.Equal(t, http.Header{
		"X-Quoted":     {"Bearer [redacted]", "fine"},
		"X-Begun":      {"[redacted]"},
		"[redacted]":   {"a", "[redacted]"},
		"Content-Type": {"text/html"},
	}, res.Header)
	assert.Equal(t, "Bearer "+testSecret, header["X-Quoted"][0], "the transport's header is not changed")
}

// A response that cannot be used may hold a new secret in any field.
func TestUnusableKeepsOnlyWhatDescribesTheResponse(t *testing.T) {
	t.Parallel()
	res := &Response{StatusCode: 200, Body: []byte("token"), Header: http.Header{
		"Set-Cookie":    {"__session=new"},
		"Authorization": {"new"},
		"X-Token":       {"new"},
		"Content-Type":  {"text/html"},
		"X-Trace":       {testSecret},
	}}
	newRedactor(testSecret).Unusable(res, []string{"X-Trace"})
	assert.Equal(t, &Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/html"}, "X-Trace": {"[redacted]"}}}, res)
}

func TestAHeaderWithoutSecretsIsNotCopied(t *testing.T) {
	t.Parallel()
	header := http.Header{"Content-Type": {"text/html"}}
	res := failedResponse(newRedactor(testSecret), Response{StatusCode: 502, Header: header}, false)
	header.Set("Content-Type", "changed")
	assert.Equal(t, "changed", res.Header.Get("Content-Type"))
}

func TestFailedHasNoCookies(t *testing.T) {
	t.Parallel()
	header := http.Header{"Set-Cookie": {"__session=new"}, "Authorization": {"new"}, "X-Trace": {"1"}}
	res := failedResponse(newRedactor(testSecret), Response{StatusCode: 502, Header: header}, false)
	assert.Equal(t, http.Header{"X-Trace": {"1"}}, res.Header)
}

// Tokens of one instance begin alike, and a server may echo any of them.
func TestSecretsThatBeginAlike(t *testing.T) {
	t.Parallel()
	const header = "eyJhbGciOiJSUzI1NiJ9."
	long, short := header+strings.Repeat("LONG", 20), header+"eyJzdWIi.SIGNATURE"
	for _, secrets := range [][]string{{long, short}, {short, long}} {
		r := newRedactor(secrets...)
		assert.Equal(t, "bad token [redacted], [redacted]!", r.Text("bad token "+short+", "+long+"!"))
		assert.Equal(t, "[redacted] and more", r.Text(header+" and more"))
	}
}

// The secret may be written in JSON with escapes, and the body need not be JSON.
func TestBodies(t *testing.T) {
	t.Parallel()
	const escaped = `\u0073k_test_c\u0061nary_5f3759df`
	for _, test := range []struct {
		name, body string
	}{
		{"JSON", `{"a":"` + testSecret + `"}`},
		{"JSON with escapes", `{"a":"` + escaped + `","` + escaped + `":["` + escaped + `"]}`},
		{"escape at the start", escaped},
		{"other escapes", `{"a":"` + strings.ReplaceAll(testSecret, "_", `\u005f`) + `"}`},
		{"not JSON", "<html>" + testSecret},
		{"invalid escapes", `{"x":"\q\u00"}` + escaped},
		{"truncated", `{"a":"` + escaped},
		{"beginning", `{"a":"` + testSecret[:12] + `"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := failedResponse(newRedactor(testSecret), Response{Body: []byte(test.body)}, false).Body
			assert.Contains(t, string(body), Redacted)
			assert.NotContains(t, unescapeJSON(string(body)), testSecret[:12])
			if json.Valid([]byte(test.body)) {
				assert.True(t, json.Valid(body), "what was JSON still is: %s", body)
			}
		})
	}
}

func TestBodiesWithoutASecretAreLeftAsTheyAre(t *testing.T) {
	t.Parallel()
	const body = `{"a":"caf\u00e9 \/ \"quoted\""}`
	assert.Equal(t, body, string(failedResponse(newRedactor(testSecret), Response{Body: []byte(body)}, false).Body))
}

func TestATruncatedSecretIsTrimmedFromTheEnd(t *testing.T) {
	t.Parallel()
	for n := range len(testSecret) {
		body := failedResponse(newRedactor(testSecret), Response{Body: []byte("key " + testSecret[:n])}, true).Body
		if n >= minSecret {
			assert.Equal(t, "key ", string(body), "%d bytes", n)
		} else {
			assert.Equal(t, "key "+testSecret[:n], string(body), "%d bytes", n)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(testSecret, testSecret[:14], true)
	f.Add(`{"a":"\u0073k_test_`, `canary_5f3759df"}`, false)
	f.Fuzz(func(t *testing.T, before, after string, truncated bool) {
		r := newRedactor(testSecret)
		body := before + testSecret + after
		failed := failedResponse(r, Response{Body: []byte(body), Header: http.Header{"X-A": {body}, body: {"x"}}}, truncated)
		require.NotContains(t, unescapeJSON(string(failed.Body)), testSecret[:minPrefix])
		for name, values := range failed.Header {
			require.NotContains(t, name+values[0], testSecret[:minPrefix])
		}
		require.NotContains(t, r.Error(errors.New(body)).Error(), testSecret[:minPrefix])
	})
}
