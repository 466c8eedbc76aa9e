package sessionstest

import (
	_ "embed"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// controlPath is the path of the control API. Clerk has nothing there.
const controlPath = "/_emulator/"

//go:embed control.yaml
var controlDocument []byte

// controlHandler returns the value that answers a request, nil for none, or an error.
type controlHandler func(*Server, *http.Request) (any, *apiError)

// controlRoute is an operation of the control API: a method and a path below
// controlPath.
type controlRoute struct {
	method, path string
	handle       controlHandler
}

// controlRoutes returns the operations of control.yaml, except openapi.yaml itself.
func controlRoutes() []controlRoute {
	return []controlRoute{
		{"POST", "reset", (*Server).controlReset},
		{"GET", "state", (*Server).controlDump},
		{"PUT", "state", (*Server).controlLoad},
		{"GET", "clock", (*Server).controlClock},
		{"PUT", "clock", (*Server).controlSetClock},
		{"POST", "clock/advance", (*Server).controlAdvance},
		{"PUT", "maintenance", (*Server).controlMaintenance},
		{"POST", "faults", (*Server).controlFault},
		{"DELETE", "faults", (*Server).controlStopFailing},
		{"GET", "requests", (*Server).controlRequests},
		{"DELETE", "requests", (*Server).controlClearRequests},
		{"POST", "tokens", (*Server).controlMint},
		{"POST", "keys/rotate", (*Server).controlRotateKey},
		{"POST", "users", controlAdd((*instance).addUser)},
		{"PATCH", "users/{id}", controlChange(userCopy, (*instance).addUser)},
		{"DELETE", "users/{id}", controlDelete((*instance).endUser)},
		{"POST", "organizations", controlAdd((*instance).addOrganization)},
		{"PATCH", "organizations/{id}", controlChange(organizationCopy, (*instance).addOrganization)},
		{"DELETE", "organizations/{id}", controlDelete((*instance).deleteOrganization)},
		{"POST", "sessions", controlAdd((*instance).addSession)},
		{"PATCH", "sessions/{id}", controlChange(sessionCopy, (*instance).replaceSession)},
		{"DELETE", "sessions/{id}", controlDelete((*instance).deleteSession)},
		{"POST", "templates", controlAdd((*instance).addTemplate)},
		{"PATCH", "templates/{id}", controlChange(templateCopy, (*instance).addTemplate)},
		{"DELETE", "templates/{id}", controlDelete((*instance).deleteTemplate)},
		{"POST", "refresh_tokens", controlAdd((*instance).addRefreshToken)},
	}
}

// newControl returns the handler of the control API.
func newControl(s *Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+controlPath+"openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(controlDocument)
	})
	mux.HandleFunc(controlPath, s.controlled(func(*Server, *http.Request) (any, *apiError) {
		return nil, notFound(
			"Not found",
			"The control API has no such method and path: see %sopenapi.yaml.",
			controlPath,
		)
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

// controlled returns the handler of an operation that requires the secret key.
func (s *Server) controlled(handle controlHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if e := authenticate(r.Header, s.config.secretKey); e != nil {
			writeControl(w, nil, e)
			return
		}
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
		r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
		value, e := handle(s, r)
		writeControl(w, value, e)
	}
}

// checkLocal refuses what a web page in a browser may send: a request from another
// origin, and one for a name that was pointed at this machine (DNS rebinding).
func checkLocal(r *http.Request) *apiError {
	forbidden := func(long string) *apiError {
		return newError(http.StatusForbidden, "emulator_forbidden", "Forbidden", long)
	}
	if !isLoopback(r.Host) {
		return forbidden(
			"The control API is served only for localhost and loopback addresses, not " + quote(r.Host) + ".",
		)
	}
	for _, origin := range r.Header.Values("Origin") {
		if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
			return forbidden("The control API refuses the origin " + quote(origin) + ".")
		}
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return forbidden("The control API refuses requests of other sites.")
	}
	return nil
}

// isLoopback reports whether a host, with or without a port, is this machine by
// definition.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func writeControl(w http.ResponseWriter, value any, e *apiError) {
	status := http.StatusOK
	switch {
	case e != nil:
		status, value = e.status, e.body(newTraceID())
	case value == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	body, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		e := ofStatus(http.StatusInternalServerError)
		e.long = err.Error()
		writeControl(w, nil, e)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// maxControlBody is the maximum size of a request's body, which may be a whole state.
const maxControlBody = 64 << 20

// decode reads the body of a request into v. Members that are missing stay as they are.
func decode(r *http.Request, v any) *apiError {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return bodyInvalid("The body could not be read to its end, or is larger than 64 MiB.")
	}
	if len(body) == 0 {
		return nil
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		return newError(http.StatusUnsupportedMediaType, "unsupported_content_type", "Unsupported media type",
			"The body must be application/json, not "+quote(r.Header.Get("Content-Type"))+".")
	}
	if err := json.Unmarshal(body, v, json.RejectUnknownMembers(true)); err != nil {
		return bodyInvalid(jsonError("the body", err).Error())
	}
	return nil
}

// refusedControl returns the response for an error of the instance.
func refusedControl(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return newError(http.StatusUnprocessableEntity, "emulator_request_invalid", "Invalid request",
		strings.TrimPrefix(err.Error(), "sessionstest: "))
}
