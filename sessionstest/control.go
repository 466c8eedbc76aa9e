package sessionstest

import (
	_ "embed"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// controlPath is the path prefix of the control API. Clerk has no such path.
const controlPath = "/_emulator/"

//go:embed control.yaml
var controlDocument []byte

// controlRoute is an operation of the control API: a method and a path below controlPath.
type controlRoute struct {
	method, path string
	handle       controlHandler
}

// controlHandler returns the value to respond with, nil for 204, or an error.
type controlHandler func(*Server, *http.Request) (any, error)

// controlRoutes returns the operations of control.yaml, except openapi.yaml itself.
func controlRoutes() []controlRoute {
	return slices.Concat([]controlRoute{
		{"POST", "reset", withoutBody((*Server).controlReset)},
		{"GET", "state", withoutBody(func(s *Server) (any, error) { return s.State(), nil })},
		{"PUT", "state", withBody((*Server).controlLoad)},
		{"GET", "clock", withoutBody((*Server).controlClock)},
		{"PUT", "clock", withBody((*Server).controlSetClock)},
		{"POST", "clock/advance", withBody((*Server).controlAdvance)},
		{"PUT", "maintenance", withBody((*Server).controlMaintenance)},
		{"POST", "faults", withBody((*Server).controlFault)},
		{"DELETE", "faults", withoutResult((*Server).StopFailing)},
		{"GET", "requests", (*Server).controlRequests},
		{"DELETE", "requests", withoutResult((*Server).ClearRequests)},
		{"POST", "tokens", withBody((*Server).controlMint)},
		{"POST", "keys/rotate", withBody((*Server).controlRotateKey)},
		{"POST", "refresh_tokens", addHandler((*instance).addRefreshToken)},
	}, entryRoutes("users", users), entryRoutes("organizations", organizations),
		entryRoutes("sessions", sessions), entryRoutes("templates", templates))
}

// entryRoutes returns the operations on one kind of entry.
func entryRoutes[T any](path string, k kind[T]) []controlRoute {
	return []controlRoute{
		{"POST", path, addHandler(k.add)},
		{"PATCH", path + "/{id}", func(s *Server, r *http.Request) (any, error) {
			body, err := readControl(r)
			if err != nil {
				return nil, err
			}
			return locked(s, func(in *instance) (T, error) {
				return k.change(in, r.PathValue("id"), func(v *T) error { return decodeControl(body, v) })
			})
		}},
		{"DELETE", path + "/{id}", func(s *Server, r *http.Request) (any, error) {
			return locked(s, func(in *instance) (any, error) {
				if id := r.PathValue("id"); !k.remove(in, id) {
					return nil, k.unknown(id)
				}
				return nil, nil
			})
		}},
	}
}

// addHandler returns the handler that adds an entry.
func addHandler[T any](add func(*instance, T) (T, error)) controlHandler {
	return withBody(func(s *Server, v T) (any, error) {
		return locked(s, func(in *instance) (T, error) { return add(in, v) })
	})
}

func withoutBody(handle func(*Server) (any, error)) controlHandler {
	return func(s *Server, _ *http.Request) (any, error) { return handle(s) }
}

func withoutResult(do func(*Server)) controlHandler {
	return withoutBody(func(s *Server) (any, error) {
		do(s)
		return nil, nil
	})
}

// withBody returns a handler that decodes the body and calls handle with it.
func withBody[T any](handle func(*Server, T) (any, error)) controlHandler {
	return func(s *Server, r *http.Request) (any, error) {
		var v T
		body, err := readControl(r)
		if len(body) > 0 {
			err = decodeControl(body, &v)
		}
		if err != nil {
			return nil, err
		}
		return handle(s, v)
	}
}

// maxControlBody is the maximum size of a request's body, which may hold a complete state.
const maxControlBody = 64 << 20

// readControl reads the body of a request.
func readControl(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bodyInvalid("The body could not be read completely, or is larger than 64 MiB.")
	}
	sent := r.Header.Get("Content-Type")
	if media, _, _ := mime.ParseMediaType(sent); len(body) > 0 && media != "application/json" {
		return nil, newError(http.StatusUnsupportedMediaType, "unsupported_content_type", "Unsupported media type",
			"The body must be application/json, not %s.", quote(sent))
	}
	return body, nil
}

// decodeControl decodes the body of a request. Fields of v whose members are missing keep
// their values.
func decodeControl(body []byte, v any) error {
	if err := decode(body, v); err != nil {
		return bodyInvalid(err.Error())
	}
	return nil
}

// newControl returns the handler of the control API.
func newControl(s *Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+controlPath+"openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(controlDocument)
	})
	mux.HandleFunc(controlPath, s.controlled(func(*Server, *http.Request) (any, error) {
		return nil, notFound("Not found", "The control API has no such method and path; see %sopenapi.yaml.",
			controlPath)
	}))
	for _, route := range controlRoutes() {
		mux.HandleFunc(route.method+" "+controlPath+route.path, s.controlled(route.handle))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e := checkLocal(r); e != nil {
			writeControl(w, nil, e)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// controlled returns the handler of an operation, which requires the secret key.
func (s *Server) controlled(handle controlHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if e := authenticate(r.Header, s.config.secretKey); e != nil {
			writeControl(w, nil, e)
			return
		}
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
		r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
		value, err := handle(s, r)
		e, ok := errors.AsType[*apiError](err)
		if err != nil && !ok {
			e = newError(http.StatusUnprocessableEntity, "emulator_request_invalid", "Invalid request",
				"%s", strings.TrimPrefix(err.Error(), "sessionstest: "))
		}
		writeControl(w, value, e)
	}
}

func writeControl(w http.ResponseWriter, value any, e *apiError) {
	if value == nil && e == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	status, body := encode(value, e, randomHex(16))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// checkLocal refuses requests that a malicious web page can make a browser send: those
// from another origin, and those for a name that resolves to this machine (DNS rebinding).
func checkLocal(r *http.Request) *apiError {
	forbidden := func(format string, args ...any) *apiError {
		return newError(http.StatusForbidden, "emulator_forbidden", "Forbidden", format, args...)
	}
	if !isLoopback(r.Host) {
		return forbidden("The control API is served only for localhost and loopback addresses, not %s.", quote(r.Host))
	}
	for _, origin := range r.Header.Values("Origin") {
		if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
			return forbidden("The control API refuses the origin %s.", quote(origin))
		}
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return forbidden("The control API refuses requests from other sites.")
	}
	return nil
}

// isLoopback reports whether a host, with or without a port, is localhost or a loopback
// address.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
