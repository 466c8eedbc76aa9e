// Package contract turns openapi.yaml into sessions.gen.go.
//
// [Load] reads the contract and applies api/overlay.yaml, [Contract.Check] refuses
// what the templates cannot express, [Contract.Generate] runs oapi-codegen, and
// [Contract.CheckCode] looks at the result. A change of the contract either reaches
// the code or is refused with a sentence.
package contract
