package sessionstest

import (
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/clerksessions/clerksessions"
)

// change calls f with the instance and returns its value, or its error as a response.
func (s *Server) change(f func(*instance) (any, error)) (value any, e *apiError) {
	var err error
	s.with(func(in *instance) { value, err = f(in) })
	if err != nil {
		return nil, refusedControl(err)
	}
	return value, nil
}

// controlAdd returns the handler that adds an entry of a seed.
func controlAdd[T any](add func(*instance, T) (T, error)) controlHandler {
	return func(s *Server, r *http.Request) (any, *apiError) {
		var v T
		if e := decode(r, &v); e != nil {
			return nil, e
		}
		return s.change(func(in *instance) (any, error) { return add(in, v) })
	}
}

// controlChange returns the handler that merges the body into what has the id in the
// path: get returns a copy of it, nil if there is none, and set replaces it.
func controlChange[T any](get func(*instance, string) *T, set func(*instance, T) (T, error)) controlHandler {
	return func(s *Server, r *http.Request) (any, *apiError) {
		var body jsontext.Value
		if e := decode(r, &body); e != nil {
			return nil, e
		}
		path := r.PathValue("id")
		return s.change(func(in *instance) (any, error) {
			v := get(in, path)
			if v == nil {
				return nil, notFound("Not found", "There is no %s.", quote(path))
			}
			if err := json.Unmarshal(body, v, json.RejectUnknownMembers(true)); err != nil {
				return nil, bodyInvalid(jsonError("the body", err).Error())
			}
			if idOf(v) != path {
				return nil, fmt.Errorf("the id of %s cannot change", quote(path))
			}
			return set(in, *v)
		})
	}
}

// idOf returns the id of what controlChange changes.
func idOf(v any) string {
	switch v := v.(type) {
	case *clerksessions.Session:
		return v.ID
	case *User:
		return v.ID
	case *Organization:
		return v.ID
	case *Template:
		return v.Name
	}
	return ""
}

// controlDelete returns the handler that deletes what has the id in the path.
func controlDelete(remove func(*instance, string) bool) controlHandler {
	return func(s *Server, r *http.Request) (value any, e *apiError) {
		return s.change(func(in *instance) (any, error) {
			if id := r.PathValue("id"); !remove(in, id) {
				return nil, notFound("Not found", "There is no %s.", quote(id))
			}
			return nil, nil
		})
	}
}

// The copies that controlChange merges a body into.

func sessionCopy(in *instance, id string) *clerksessions.Session {
	v := in.sessions.byID[id]
	if v == nil {
		return nil
	}
	session := v.at(in.nowMilli())
	return &session
}

func userCopy(in *instance, id string) *User {
	u := in.user(id)
	if u == nil {
		return nil
	}
	own := u.clone()
	return &own
}

func organizationCopy(in *instance, id string) *Organization {
	o := in.organizations[id]
	if o == nil {
		return nil
	}
	own := o.clone()
	return &own
}

func templateCopy(in *instance, name string) *Template {
	t := in.templates[name]
	if t == nil {
		return nil
	}
	own := t.clone()
	return &own
}

// replaceSession replaces the session of the same ID.
func (in *instance) replaceSession(session clerksessions.Session) (clerksessions.Session, error) {
	return in.updateSession(session.ID, func(v *clerksessions.Session) { *v = session })
}

func (in *instance) deleteTemplate(name string) bool {
	_, found := in.templates[name]
	delete(in.templates, name)
	return found
}

func (s *Server) controlDump(*http.Request) (any, *apiError) { return s.State(), nil }

func (s *Server) controlLoad(r *http.Request) (any, *apiError) {
	var seed Seed
	if e := decode(r, &seed); e != nil {
		return nil, e
	}
	return s.change(func(in *instance) (any, error) { return nil, in.load(seed) })
}

func (s *Server) controlReset(*http.Request) (any, *apiError) {
	return s.change(func(in *instance) (any, error) { return nil, in.reset(s.seeds) })
}
