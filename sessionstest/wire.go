package sessionstest

import "github.com/clerksessions/clerksessions"

// wireSession is a session as Clerk writes it: unset fields are null, except that tasks
// are omitted before API version 2025-03-12 and latest_activity may be.
type wireSession struct {
	Object                   string                          `json:"object"`
	ID                       string                          `json:"id"`
	UserID                   string                          `json:"user_id"`
	ClientID                 string                          `json:"client_id"`
	Status                   clerksessions.SessionStatus     `json:"status"`
	Actor                    *map[string]any                 `json:"actor"`
	LastActiveOrganizationID *string                         `json:"last_active_organization_id"`
	LatestActivity           **clerksessions.SessionActivity `json:"latest_activity,omitzero"`
	LastActiveAt             clerksessions.UnixMilli         `json:"last_active_at"`
	ExpireAt                 clerksessions.UnixMilli         `json:"expire_at"`
	AbandonAt                clerksessions.UnixMilli         `json:"abandon_at"`
	CreatedAt                clerksessions.UnixMilli         `json:"created_at"`
	UpdatedAt                clerksessions.UnixMilli         `json:"updated_at"`
	Tasks                    **[]clerksessions.SessionTask   `json:"tasks,omitzero"`
}

const tasksSince = "2025-03-12"

// wire returns a session in the form of a list.
func (c *call) wire(v clerksessions.Session) wireSession {
	w := wireSession{
		Object: "session", ID: v.ID, UserID: v.UserID, ClientID: v.ClientID, Status: v.Status,
		LatestActivity: &v.LatestActivity,
		LastActiveAt:   v.LastActiveAt, ExpireAt: v.ExpireAt, AbandonAt: v.AbandonAt,
		CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
	if v.Actor != nil {
		w.Actor = &v.Actor
	}
	if v.LastActiveOrganizationID != "" {
		w.LastActiveOrganizationID = &v.LastActiveOrganizationID
	}
	if c.version >= tasksSince {
		w.Tasks = new(*[]clerksessions.SessionTask)
		if v.Tasks != nil {
			*w.Tasks = &v.Tasks
		}
	}
	return w
}

// wireOne returns a session by itself, without latest_activity, as reported of Clerk.
func (c *call) wireOne(in *instance, v clerksessions.Session) wireSession {
	w := c.wire(v)
	if !in.config.latestActivity {
		w.LatestActivity = nil
	}
	return w
}

func (c *call) wireAll(sessions []clerksessions.Session) []wireSession {
	all := make([]wireSession, len(sessions))
	for i, v := range sessions {
		all[i] = c.wire(v)
	}
	return all
}

// wirePage is a list with a total.
type wirePage struct {
	Data       []wireSession `json:"data"`
	TotalCount int           `json:"total_count"`
}

// wireToken is a minted token.
type wireToken struct {
	Object string `json:"object"`
	JWT    string `json:"jwt"`
}

// wireCookies are Set-Cookie header values.
type wireCookies struct {
	Object  string   `json:"object"`
	Cookies []string `json:"cookies"`
}
