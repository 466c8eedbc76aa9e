// Package stock holds the client that oapi-codegen generates from the contract with its
// own templates.
package stock
