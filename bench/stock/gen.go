package stock

//go:generate go tool -modfile=../../api/go.mod oapi-codegen -config oapi-codegen.yaml ../../openapi.yaml
