package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newRedactor(secrets ...string) *Redactor {
	r := new(Redactor)
	for _, secret := range secrets {
		r.Add(secret)
	}
	return r
}

func TestText(t *testing.T) {
	t.Parallel()
	const alike = "eyJhbGciOiJSUzI1NiJ9." // JWTs with the same header have a common prefix
	long, short := alike+strings.Repeat("LONG", 20), alike+"eyJzdWIi.SIGNATURE"
	for _, test := range []struct {
		name       string
		secrets    []string
		text, want string
	}{
		{"no secret in the text", []string{testSecret}, "all is well", "all is well"},
		{"whole secret", []string{testSecret}, "key " + testSecret + "!", "key [redacted]!"},
		{"secret twice", []string{testSecret}, testSecret + testSecret, "[redacted][redacted]"},
		{"all but the last byte", []string{testSecret}, testSecret[:len(testSecret)-1], "[redacted]"},
		{"prefix of 12 bytes", []string{testSecret}, "key " + testSecret[:12] + " ends", "key [redacted] ends"},
		{"prefix of 11 bytes", []string{testSecret}, testSecret[:11], testSecret[:11]},
		{"prefix and then the whole secret", []string{testSecret}, testSecret[:15] + testSecret, "[redacted][redacted]"},
		{"all but the first byte", []string{testSecret}, testSecret[1:], testSecret[1:]},
		{"secret of 8 bytes", []string{"12345678"}, "a12345678b", "a[redacted]b"},
		{"prefix of a secret of 8 bytes", []string{"12345678"}, "1234567", "1234567"},
		{"secret of 7 bytes", []string{"1234567"}, "1234567", "1234567"},
		{"tab as JSON writes it", []string{"sk_a\ttab_and_more"}, `"sk_a\ttab_and_more"`, `"[redacted]"`},
		{"backslash as JSON writes it", []string{`sk_back\slash`}, `"sk_back\\slash"`, `"[redacted]"`},
		{"control character as JSON writes it", []string{"sk_a\x1fseparator"}, `"sk_a\u001fseparator"`, `"[redacted]"`},
		{"quotation mark as JSON writes it", []string{`sk_"quoted"`}, `"sk_\"quoted\""`, `"[redacted]"`},
		{"control character in another JSON escape", []string{"sk_a\ttab_and_more"}, `"sk_a\u0009tab_and_more"`, `"[redacted]"`},
		{"control character in capitals", []string{"sk_a\x1fseparator"}, `"sk_a\u001Fseparator"`, `"[redacted]"`},
		{"letter in a JSON escape", []string{testSecret}, `"\u0073` + testSecret[1:] + `"`, `"[redacted]"`},
		{"JSON escape without a secret", []string{testSecret}, `caf\u00e9`, `caf\u00e9`},
		{"three secrets in turn", []string{"secret-1", "secret-2", "secret-3"}, "secret-2,secret-1,secret-2,secret-3", "[redacted],[redacted],[redacted],[redacted]"},
		{"secret within another", []string{"secret-1", "a-secret-1-and-more"}, "a-secret-1-and-more|secret-1", "[redacted]|[redacted]"},
		{"secret before one that holds it", []string{"secret-1", "a-secret-1-and-more"}, "secret-1|a-secret-1-and-more", "[redacted]|[redacted]"},
		{"secret that extends another by too few bytes in the text", []string{"12345678", "12345678abcdefgh"}, "12345678abX", "[redacted]abX"},
		{"secrets that differ in the first byte", []string{"Xabcdefghijklmno", "Yabcdefghijklmnopq"}, "Xabcdefghijklmnopq", "[redacted]pq"},
		{"secrets with a common prefix", []string{long, short}, "bad token " + short + ", " + long + "!", "bad token [redacted], [redacted]!"},
		{"the common prefix itself", []string{long, short}, alike + " and more", "[redacted] and more"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, newRedactor(test.secrets...).Text(test.text))
			slices.Reverse(test.secrets)
			assert.Equal(t, test.want, newRedactor(test.secrets...).Text(test.text), "secrets added in reverse")
		})
	}
}

func TestTheLongestSecretSetsTheMargin(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 6*len(testSecret), newRedactor("12345678", testSecret, "123456789").margin())
	assert.Zero(t, newRedactor("short").margin())
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, suffix, want string
		keeps              bool // the wrapped error
	}{
		{"plain", "", "", true},
		{"with the secret", testSecret, Redacted, false},
		{"long", strings.Repeat("x", 1000), strings.Repeat("x", 276) + "...", true},
		{"4096 bytes", strings.Repeat("x", 4096-len("connection reset by peer")), strings.Repeat("x", 276) + "...", true},
		{"4097 bytes", strings.Repeat("x", 4097-len("connection reset by peer")), strings.Repeat("x", 276) + "...", false},
		{"control characters", "\x1b[2J\u202e", " [2J ", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := newRedactor(testSecret).Error(fmt.Errorf("%w%s", errReset, test.suffix))
			assert.Equal(t, "connection reset by peer"+test.want, err.Error())
			assert.Equal(t, test.keeps, errors.Is(err, errReset))
		})
	}
}

func TestTheHeaderOfAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ header, want http.Header }{
		"no secret":                      {http.Header{"X": {"a"}}, http.Header{"X": {"a"}}},
		"value":                          {http.Header{"X": {testSecret + "!"}}, http.Header{"X": {"[redacted]!"}}},
		"second value":                   {http.Header{"X": {"a", "b" + testSecret}}, http.Header{"X": {"a", "b[redacted]"}}},
		"prefix of a secret":             {http.Header{"X": {testSecret[:13]}}, http.Header{"X": {"[redacted]"}}},
		"name in another case":           {http.Header{http.CanonicalHeaderKey("X-" + testSecret): {"a", testSecret}}, http.Header{"[redacted]": {"a", "[redacted]"}}},
		"name that starts with a secret": {http.Header{testSecret + "-X": {"a"}}, http.Header{"[redacted]": {"a"}}},
		"name that ends with a prefix":   {http.Header{"X-" + testSecret[:12]: {"a"}}, http.Header{"[redacted]": {"a"}}},
		"value with a JSON escape":       {http.Header{"X": {`{"a":"sk\u005ftest\u005fcanary_5f3759df"}`}}, http.Header{"X": {`{"a":"[redacted]"}`}}},
		"name with a space":              {http.Header{"set-cookie ": {"new"}, "AUTHORIZATION\t": {"new"}, "x ": {"1"}}, http.Header{"x ": {"1"}}},
		"name that begins like one":      {http.Header{"Authorization-Policy": {"a"}, "Set-Cookie2": {"b"}}, http.Header{"Authorization-Policy": {"a"}, "Set-Cookie2": {"b"}}},
		"fields that hold a new secret":  {http.Header{"Set-Cookie": {"new"}, "Authorization": {"new"}, "X": {"1"}}, http.Header{"X": {"1"}}},
		"one field of several, redacted": {http.Header{"X": {testSecret}, "Y": {"1"}}, http.Header{"X": {"[redacted]"}, "Y": {"1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := test.header.Clone()
			res := &Response{Header: test.header}
			newRedactor(testSecret).errorResponse(res, false)
			assert.Equal(t, test.want, res.Header)
			assert.Equal(t, before, test.header, "the transport's header is not changed")
		})
	}
}

// A response that cannot be used may hold a new secret in any field.
func TestUnusableKeepsOnlyHarmlessFields(t *testing.T) {
	t.Parallel()
	res := &Response{StatusCode: 200, Body: []byte("token"), Header: http.Header{
		"Set-Cookie":    {"id=new"},
		"Authorization": {"new"},
		"X-Token":       {"new"},
		"Content-Type":  {"text/html"},
		"X-Trace":       {testSecret},
	}}
	newRedactor(testSecret).Unusable(res, []string{"X-Trace"})
	want := http.Header{"Content-Type": {"text/html"}, "X-Trace": {"[redacted]"}}
	assert.Equal(t, &Response{StatusCode: 200, Header: want}, res)
}

// failedBody returns the redacted body of a response that is not 2xx.
func failedBody(r *Redactor, body string, truncated bool) string {
	res := &Response{Body: []byte(body)}
	r.errorResponse(res, truncated)
	return string(res.Body)
}

// A secret may be written with JSON escapes, even in a body that is not valid JSON.
func TestSecretsInBodiesAreRedacted(t *testing.T) {
	t.Parallel()
	const escaped = `\u0073k_test_c\u0061nary_5f3759df`
	for name, body := range map[string]string{
		"JSON":                `{"a":"` + testSecret + `"}`,
		"JSON with escapes":   `{"a":"` + escaped + `","` + escaped + `":["` + escaped + `"]}`,
		"escape at the start": escaped,
		"other escapes":       `{"a":"` + strings.ReplaceAll(testSecret, "_", `\u005f`) + `"}`,
		"not JSON":            "<html>" + testSecret,
		"invalid escapes":     `{"x":"\q\u00"}` + escaped,
		"truncated":           `{"a":"` + escaped,
		"prefix":              `{"a":"` + testSecret[:12] + `"}`,
		"late escape":         `{"a":"` + testSecret[:13] + `\u0079` + testSecret[14:] + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := failedBody(newRedactor(testSecret), body, false)
			assert.Contains(t, got, Redacted)
			assert.NotContains(t, unescapeJSON(got), testSecret[:12])
			assert.NotContains(t, got, testSecret[15:])
			if json.Valid([]byte(body)) {
				assert.True(t, json.Valid([]byte(got)), "valid JSON stays valid: %s", got)
			}
		})
	}
	const clean = `{"a":"caf\u00e9 \/ \"quoted\""}`
	assert.Equal(t, clean, failedBody(newRedactor(testSecret), clean, false), "nothing to redact")
	assert.Equal(t, clean, failedBody(newRedactor(), clean, true), "no secrets")
}

func TestATruncatedSecretIsTrimmedFromTheEnd(t *testing.T) {
	t.Parallel()
	for n := range len(testSecret) {
		want := "key "
		if n < minSecret {
			want += testSecret[:n]
		}
		assert.Equal(t, want, failedBody(newRedactor(testSecret), "key "+testSecret[:n], true), "%d bytes", n)
	}
}

func TestATruncatedSecretWithAnEscapeIsTrimmed(t *testing.T) {
	t.Parallel()
	const secret = `\u0073k_test_c\u0061nary`
	for n := len(`\u0073k_test_`); n < len(secret); n++ {
		assert.Equal(t, "key ", failedBody(newRedactor(testSecret), "key "+secret[:n], true), "%d bytes", n)
	}
	for _, end := range []string{`\`, `\u`, `\u0`, `\u00`, `\u007`} {
		assert.Equal(t, "end ", failedBody(newRedactor(testSecret), "end "+end, true))
	}
	for _, end := range []string{`\n`, `\u0073`} {
		assert.Equal(t, "end "+end, failedBody(newRedactor(testSecret), "end "+end, true))
	}
}

// Redaction shortens a body, so a partial secret at its end must not move below the limit.
func TestASecretAtTheLimitIsRedacted(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{testSecret, `\u0073k_test_c\u0061nary_5f3759df`} {
		for cut := range 2 * len(secret) {
			r := newRedactor(testSecret)
			limit := MaxErrorBody + r.margin()
			body := strings.Repeat(testSecret, 100)
			body += strings.Repeat("x", limit-len(body)-cut) + secret + strings.Repeat("y", cut)
			got := failedBody(r, body[:limit], false)
			assert.NotContains(t, got, "k_t", "%d bytes of the secret were read", cut)
			assert.Greater(t, len(got), MaxErrorBody-100*len(testSecret)-r.margin())
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add(testSecret, testSecret[:14], true)
	f.Add(`{"a":"\u0073k_test_`, `canary_5f3759df"}`, false)
	f.Add(testSecret[:8]+"\xff"+testSecret[8:12], strings.Repeat("x", maxLine), false) // OneLine must not join it
	f.Fuzz(func(t *testing.T, before, after string, truncated bool) {
		r := newRedactor(testSecret)
		body := before + testSecret + after
		res := &Response{Body: []byte(body), Header: http.Header{"X-A": {body}, body: {"x"}}}
		r.errorResponse(res, truncated)
		require.NotContains(t, unescapeJSON(string(res.Body)), testSecret[:minPrefix])
		for name, values := range res.Header {
			require.NotContains(t, name+values[0], testSecret[:minPrefix])
		}
		require.NotContains(t, r.Error(errors.New(body)).Error(), testSecret[:minPrefix])
	})
}
