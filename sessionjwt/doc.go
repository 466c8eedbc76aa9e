// Package sessionjwt verifies Clerk session tokens without a network call.
//
// A session token is the short-lived JWT (60 s by default) that a signed-in
// browser or app sends with each request. Clerk removed the endpoint that
// verifies it from its newer API versions; verifying the signature locally
// replaces it. Create one [Verifier] per Clerk instance and reuse it:
//
//	issuer, err := sessionjwt.IssuerFromPublishableKey(os.Getenv("CLERK_PUBLISHABLE_KEY"))
//	...
//	keys, err := sessionjwt.KeysFromIssuer(issuer)
//	...
//	verifier, err := sessionjwt.New(keys, issuer,
//		sessionjwt.WithAuthorizedParties("https://app.example.com"))
//	...
//	mux.Handle("/account", verifier.RequireSession(account))
//	...
//	http.ListenAndServe(addr, http.NewCrossOriginProtection().Handler(mux))
//
// Revoking a session does not revoke the tokens it was given: they stay valid
// until they expire. Where that minute matters, get the session from the API as
// well.
//
// # Checks
//
// [Verifier.Verify] is strict:
//
//   - The signature must be RS256, regardless of the token's alg header, and is
//     verified before any claim is used.
//   - "exp", "iat", "iss", "sub" and "sid" are required. Duplicate names are an
//     error. The token may be at most 8 KiB long.
//   - "iss" must equal the issuer byte for byte.
//   - "azp" must be one of the authorized parties, if there are any. A token
//     without "azp" is then rejected, unless [WithMissingAuthorizedParty] is used.
//   - A token made from a JWT template or for a machine is not a session token,
//     although the same key signs it.
//   - A session that is "pending" counts as signed out, unless [WithPending] is
//     used.
//   - Clocks may differ by 5 s ([WithLeeway]).
//   - A header that has a key of its own (jwk, jku, x5c, x5u) or an extension
//     (crit, b64, enc, zip) is rejected. Other unknown headers are ignored, since
//     Clerk adds some for itself.
//
// # Keys
//
// [KeysFromPEM] takes the public key from the Dashboard and never uses the
// network; you must replace it when the instance's key is rotated.
// [KeysFromIssuer] fetches the keys that the instance publishes, and
// [KeysFromBackendAPI] fetches the same keys with the secret key.
//
// Fetched keys belong to their [KeySource]: two sources share no keys, so the
// keys of one instance never verify a token of another. The rules are fixed:
//
//   - A set is used for 5 minutes from the time it was requested, however often
//     it is used. The next Verify waits for a new one.
//   - At most one fetch is in flight, and it takes at most 5 s. All callers that
//     need it wait for the same one, each at most as long as its own context
//     allows.
//   - A token with an unknown key id, or with a signature that does not fit its
//     key (Clerk can rotate a key and keep its id), causes a fetch at most once
//     in 10 s.
//   - After a failed fetch there is none for 10 s. A set that has expired is used
//     until it is 1 hour old, as long as fetches fail. Verify does not wait for a
//     fetch if one failed within the last 15 s, so with sparse traffic it may
//     wait once. If the deadline of its context passes first, the set is used as
//     well. Without a set, or if the context is canceled meanwhile, the error is
//     [ErrKeysUnavailable]. So it is for a token that no key fits while the
//     current keys cannot be fetched, as it may have been signed with a new one.
//   - Redirects are refused, and so are responses larger than 256 KiB or with
//     more than 64 keys. Used are RSA keys of 2048 to 8192 bits whose "use" is
//     missing or "sig" and whose "alg" is missing or RS256.
//
// # Claims
//
// [Claims] has the same form for version 1 and version 2 tokens: roles are
// "org:admin", permissions "org:dashboard:read". [Claims.Decode] decodes custom
// claims into a type of yours. A missing claim can be distinguished from a zero
// one: see [Claims.FactorAges], whose methods report no recent verification if
// the claim is missing.
//
// # Errors
//
// Every error is of one category, found with [errors.Is]. [ErrMalformed],
// [ErrSignature], [ErrIssuer], [ErrNotSessionToken], [ErrAuthorizedParty],
// [ErrExpired], [ErrNotYetValid] and [ErrPending] mean that the token is rejected:
// respond with 401. [ErrKeysUnavailable] says nothing about the token: respond
// with 503. [ErrInvalidArgument] comes from constructors only. No error contains
// the token.
//
// # Middleware
//
// [Verifier.RequireSession] and [Verifier.OptionalSession] are middleware for
// net/http and every router that takes func(http.Handler) http.Handler. The
// token comes from the header "Authorization: Bearer", whose scheme is not
// case-sensitive, or else from the cookie "__session". Other schemes are ignored,
// and so are the suffixed cookies that Clerk sets beside that one. Handlers call
// [ClaimsFromContext].
//
// A rejected request gets the status 401 or 503 and one of the bodies
//
//	{"error":"token_missing"}
//	{"error":"token_expired"}
//	{"error":"token_invalid"}
//	{"error":"session_pending"}
//	{"error":"keys_unavailable"}
//
// [WithFailureHandler] replaces this response.
//
// # Cookies
//
// Browsers send the cookie "__session" with every request to your host, including
// those that a page of another subdomain makes: SameSite treats all subdomains
// of one domain as the same site. The token in it is the user's own, so every
// check of this package passes, [WithAuthorizedParties] included: "azp" says where
// the token was created, not which page sends the request. If tokens arrive in
// cookies, put [http.CrossOriginProtection] (Go 1.25) in front of the handlers, as
// above. It responds with 403 to requests other than GET, HEAD and OPTIONS that
// a browser makes for a page of another origin. Safe methods must have no side
// effects.
//
// # Caching
//
// [WithCache] caches verified tokens, so that the second request with the same
// token takes a hash instead of a signature check. The claims of up to n tokens
// stay in memory; the tokens do not, since an entry is found by the token's
// SHA-256. No token is valid for longer: each use checks the times again and
// that the key is still in the current set, so an entry ends with the token or
// its key, whichever is first. Only valid tokens are cached, so a flood of forged
// tokens does not replace them.
//
// # Testing
//
// Package sessionstest emulates a Clerk instance with its own keys and clock:
// create valid and forged tokens with it, pass its clock to [WithClock], and
// advance the time. The example "Testing" is a complete test of a handler. A
// handler that only reads claims needs no token: see [ContextWithClaims].
package sessionjwt
