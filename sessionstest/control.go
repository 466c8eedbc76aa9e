package sessionstest

import "net/http"

const controlPath = "/_emulator/"

func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {}
