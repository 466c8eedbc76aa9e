// Package contracttest checks requests and responses against an OpenAPI document. It is
// for tests.
package contracttest
