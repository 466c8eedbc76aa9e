// Package contract turns openapi.yaml into sessions.gen.go.
//
// [Load] reads the contract and applies api/overlay.yaml. [Contract.Check] refuses
// what the templates cannot express. [Contract.Generate] runs oapi-codegen, and
// [Contract.CheckCode] type-checks the result. Every change of the contract is either
// reflected in the code or refused with an explanation.
package contract
