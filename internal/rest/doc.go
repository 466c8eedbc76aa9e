// Package rest makes HTTP calls that carry a secret. It limits the time and the size
// of a call, retries where that is safe, and redacts secrets from what servers send.
//
// A call is [Client.Do]. Each attempt sends one request. net/http retries some requests
// by itself, uncounted; this package prevents that, with one exception (see
// sendtrace.go).
//
// The package is independent of the API it is used for. An [Observer] follows each call
// and constructs its errors.
package rest
