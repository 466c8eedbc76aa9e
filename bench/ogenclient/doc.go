// Package ogenclient holds the client that ogen generates from the contract. The
// generated files are large and not committed: go generate ./ogenclient writes them,
// and the build tag ogen includes them in the benchmarks.
package ogenclient
