// Package rest makes HTTP calls that carry a secret. It limits the time and the size
// of a call, retries where that is safe, and redacts secrets from what servers send.
//
// A call is [Client.Do]. It sends one request an attempt, and no request that it does
// not count: net/http retries some requests by itself, which this package prevents
// (see sent.go for how, and for the one exception).
//
// The package knows nothing of the API it is used for. What it learns of a call it
// passes to an [Observer], which also makes the errors.
package rest
