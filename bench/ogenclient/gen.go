package ogenclient

//go:generate go tool ogen -config ogen.yml -target . -package ogenclient -clean ../../openapi.yaml
