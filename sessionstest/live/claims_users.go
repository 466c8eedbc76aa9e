package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// createUser asks for the outcome of creating a user; {email} is the address of the
// subject's own.
func createUser(email string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		email := strings.Replace(email, "{email}", s.email, 1)
		body := fmt.Sprintf(`{"email_address":[%q],"skip_password_requirement":true}`, email)
		return s.do(ctx, "POST", "/users", body).String()
	}
}

var users = []claim{
	{"user by email address", known, "1 user", func(ctx context.Context, s *subject) string {
		return fmt.Sprint(len(s.do(ctx, "GET", "/users?email_address="+url.QueryEscape(s.email), "").list), " user")
	}},
	{"email address that is taken", known, "422 form_identifier_exists email_address", createUser("{email}")},
	{"email address that is invalid", inferred, "422 form_param_format_invalid email_address", createUser("anna")},
	{"unknown user by id", known, "404 resource_not_found", get("/users/user_2aaaaaaaaaaaaaaaaaaaaaaaaaa!")},
}
