package sessionjwt

import (
	"encoding/base64"
	"errors"
	"strings"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"
)

// maxTokenBytes is twice what a browser stores in a cookie, which is where
// Clerk keeps session tokens.
const maxTokenBytes = 8 << 10

// Values of the "cat" header, which tells Clerk's kinds of token apart. They
// are the constants of Clerk's backend package for JavaScript.
const (
	categorySession  = "cl_B7d4PD111AAA"
	categoryTemplate = "cl_B7d4PD222AAA"
	categoryMachine  = "cl_B7d4PD333AAA"
	categoryIgnored  = "cl_I7d4PD111III" // an instance that does not tell kinds apart
)

// algorithms is all that go-jose may accept, whatever a token says.
var algorithms = []jose.SignatureAlgorithm{jose.RS256}

// strict refuses encodings whose unused bits are set. It still skips line
// breaks, so parseToken refuses those.
var strict = base64.RawURLEncoding.Strict()

// parseToken takes apart what has the form and header of a session token. The
// claims are read by nobody until Verify of the result has said yes.
//
// What go-jose would let pass is refused before: a text of any length, several
// encodings of the same bytes, and headers that change what is verified.
func parseToken(token string) (jws *jose.JSONWebSignature, keyID string, err error) {
	if len(token) > maxTokenBytes {
		return nil, "", fail(ErrMalformed, "it is %d bytes long, at most %d are accepted", len(token), maxTokenBytes)
	}
	if strings.ContainsAny(token, "\r\n") {
		return nil, "", fail(ErrMalformed, "it contains a line break")
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, "", fail(ErrMalformed, "it has %d parts, a signed JWT has 3 with dots between", len(parts))
	}
	var decoded [3][]byte
	for i, name := range []string{"header", "claims", "signature"} {
		if decoded[i], err = strict.DecodeString(parts[i]); err != nil {
			return nil, "", fail(ErrMalformed, "the %s is not base64url: %w", name, err)
		}
	}
	if err := checkHeader(decoded[0]); err != nil {
		return nil, "", err
	}
	jws, err = jose.ParseSignedCompact(token, algorithms)
	if other, ok := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); ok {
		return nil, "", fail(ErrSignature, "algorithm %s, only RS256 is accepted", quoted(string(other.Got)))
	}
	if err != nil { // which may quote the token
		return nil, "", fail(ErrMalformed, "the header is not that of a signed JWT")
	}
	if keyID = jws.Signatures[0].Protected.KeyID; keyID == "" {
		return nil, "", fail(ErrMalformed, "the header has no key id (kid)")
	}
	return jws, keyID, nil
}

// header holds the members of the JOSE header that matter here. Clerk adds
// others, which are ignored.
type header struct {
	// Both are for go-jose to judge; here they only have to be strings.
	Alg string `json:"alg"`
	Kid string `json:"kid"`

	Typ *string `json:"typ"`
	Cat *string `json:"cat"`

	// What must not be there: keys brought along by the token, and members
	// that change how the rest is to be read.
	JWK  jsontext.Value `json:"jwk"`
	JKU  jsontext.Value `json:"jku"`
	X5C  jsontext.Value `json:"x5c"`
	X5U  jsontext.Value `json:"x5u"`
	Crit jsontext.Value `json:"crit"`
	B64  jsontext.Value `json:"b64"`
	Enc  jsontext.Value `json:"enc"`
	Zip  jsontext.Value `json:"zip"`
}

// checkHeader refuses headers that a session token cannot have. It comes before
// go-jose, which would read keys and certificates in them.
func checkHeader(raw []byte) error {
	var h header
	if err := decode(raw, &h); err != nil {
		return fail(ErrMalformed, "header: %w", err)
	}
	if h.JWK != nil || h.JKU != nil || h.X5C != nil || h.X5U != nil {
		return fail(ErrMalformed, "the header brings a key along (jwk, jku, x5c or x5u): Clerk's tokens never do")
	}
	if h.Crit != nil || h.B64 != nil || h.Enc != nil || h.Zip != nil {
		return fail(ErrMalformed, "the header asks for a JWT extension (crit, b64, enc or zip): Clerk's tokens never do")
	}
	if h.Typ != nil && *h.Typ != "JWT" {
		return fail(ErrNotSessionToken, "type (typ) %s, want JWT", quoted(*h.Typ))
	}
	if h.Cat == nil { // older instances do not send it; sid and sub decide then
		return nil
	}
	switch *h.Cat {
	case categorySession, categoryIgnored:
		return nil
	case categoryTemplate:
		return fail(ErrNotSessionToken, "it was made from a JWT template: send the token of getToken() without a template")
	case categoryMachine:
		return fail(ErrNotSessionToken, "it is a machine-to-machine token")
	}
	return fail(ErrNotSessionToken, "category (cat) %s, want %s", quoted(*h.Cat), categorySession)
}
