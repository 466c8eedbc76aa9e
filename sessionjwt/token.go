package sessionjwt

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// maxTokenBytes is twice what a browser stores in a cookie, where Clerk keeps
// session tokens.
const maxTokenBytes = 8 << 10

// Values of the "cat" header, which names the kind of a token. They are the
// constants of Clerk's backend package for JavaScript.
const (
	categorySession  = "cl_B7d4PD111AAA"
	categoryTemplate = "cl_B7d4PD222AAA"
	categoryMachine  = "cl_B7d4PD333AAA"
	categoryIgnored  = "cl_I7d4PD111III" // from an instance that does not name kinds
)

// base64url rejects encodings whose unused bits are set. It still skips line
// breaks, so parseToken rejects those.
var base64url = base64.RawURLEncoding.Strict()

// signedToken is a token in the compact form of RFC 7515, decoded. The claims
// must not be used until the signature is verified.
type signedToken struct {
	keyID     string
	digest    [sha256.Size]byte // of header and claims as sent
	claims    []byte
	signature []byte
}

// parseToken decodes a token that has the form and the header of a session
// token.
func parseToken(token string) (*signedToken, error) {
	if strings.Contains(token, "\r") || strings.Contains(token, "\n") {
		return nil, fail(ErrMalformed, "contains a line break")
	}
	if dots := strings.Count(token, "."); dots != 2 {
		return nil, fail(ErrMalformed, "%d parts, want 3 as in a signed JWT", dots+1)
	}
	header, rest, _ := strings.Cut(token, ".")
	claims, signature, _ := strings.Cut(rest, ".")
	names := [3]string{"header", "claims", "signature"}
	var decoded [3][]byte
	for i, part := range [3]string{header, claims, signature} {
		var err error
		if decoded[i], err = base64url.DecodeString(part); err != nil {
			return nil, fail(ErrMalformed, "%s is not base64url: %w", names[i], err)
		}
	}
	keyID, err := parseHeader(decoded[0])
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(token[:len(header)+1+len(claims)]))
	return &signedToken{keyID, digest, decoded[1], decoded[2]}, nil
}

// signedBy reports whether the signature verifies with key and RS256, regardless of the
// token's alg header.
func (t *signedToken) signedBy(key *rsa.PublicKey) bool {
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, t.digest[:], t.signature) == nil
}

// header holds the members of the JOSE header that matter here. The others are decoded
// to reject headers that other JWT libraries reject, such as one with a number that
// exceeds a float64.
type header struct {
	Alg    string         `json:"alg"`
	Kid    string         `json:"kid"`
	Typ    string         `json:"typ"`
	Cat    string         `json:"cat"`
	Others map[string]any `json:",embed"`
}

// rejectedHeaders are header members that carry or reference a key, and extensions that
// change how the token is processed. Clerk's tokens have none of them.
var rejectedHeaders = []string{"jwk", "jku", "x5c", "x5u", "crit", "b64", "enc", "zip"}

// parseHeader returns the key id of a header, or an error if it is not that of a session
// token.
func parseHeader(raw []byte) (keyID string, err error) {
	h := header{Typ: "JWT", Cat: categoryIgnored} // if missing: sid and sub then decide
	if err := decode(raw, &h); err != nil {
		return "", fail(ErrMalformed, "header: %w", err)
	}
	for _, name := range rejectedHeaders {
		if _, ok := h.Others[name]; ok {
			return "", fail(ErrMalformed, "header has %s", name)
		}
	}
	switch h.Cat {
	case categorySession, categoryIgnored:
	case categoryTemplate:
		return "", fail(ErrNotSessionToken, "made from a JWT template: call getToken() without a template")
	case categoryMachine:
		return "", fail(ErrNotSessionToken, "machine-to-machine token")
	default:
		return "", fail(ErrNotSessionToken, "category (cat) %s, want %s", quoted(h.Cat), categorySession)
	}
	switch {
	case h.Typ != "JWT":
		return "", fail(ErrNotSessionToken, "type (typ) %s, want JWT", quoted(h.Typ))
	case h.Alg != "RS256":
		return "", fail(ErrSignature, "algorithm (alg) %s, want RS256", quoted(h.Alg))
	case h.Kid == "":
		return "", fail(ErrMalformed, "missing key id (kid) in header")
	}
	return h.Kid, nil
}
