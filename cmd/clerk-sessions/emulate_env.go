package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/clerksessions/clerksessions/sessionstest"
)

// emulatorEnv holds the environment variables that point Clerk's SDKs at an emulator, and
// its process id. SecretKey is empty if the user has set the key. JWTKey is in PEM form,
// which Clerk's Go SDK requires.
type emulatorEnv struct {
	APIURL         string `json:"CLERK_API_URL"`
	SecretKey      string `json:"CLERK_SECRET_KEY,omitzero"`
	PublishableKey string `json:"CLERK_PUBLISHABLE_KEY"`
	JWTKey         string `json:"CLERK_JWT_KEY"`
	PID            string `json:"CLERK_EMULATOR_PID"`
}

// newEmulatorEnv returns the environment of an emulator at url.
func newEmulatorEnv(server *sessionstest.Server, url string) emulatorEnv {
	env := emulatorEnv{APIURL: url, PublishableKey: server.PublishableKey, JWTKey: server.PublicKeyPEM(),
		PID: strconv.Itoa(os.Getpid())}
	if server.SecretKey == emulatorKey {
		env.SecretKey = emulatorKey
	}
	return env
}

// oneLine returns the base64 part of a PEM key on one line, which needs no quotes in a
// .env file or a shell.
func oneLine(pem string) string {
	lines := strings.Split(strings.TrimSpace(pem), "\n")
	return strings.Join(lines[1:len(lines)-1], "")
}

func (e emulatorEnv) lines() (lines []string) {
	for _, v := range [][2]string{
		{"CLERK_API_URL", e.APIURL}, {"CLERK_SECRET_KEY", e.SecretKey},
		{"CLERK_PUBLISHABLE_KEY", e.PublishableKey}, {"CLERK_JWT_KEY", oneLine(e.JWTKey)},
		{"CLERK_EMULATOR_PID", e.PID},
	} {
		if v[1] != "" {
			lines = append(lines, v[0]+"="+v[1])
		}
	}
	return lines
}

// printEnv prints only the environment and closes stdout, so that a shell that reads until
// EOF continues.
func (a *app) printEnv(env emulatorEnv) (err error) {
	if a.asJSON {
		err = a.printJSON(env)
	} else {
		_, err = fmt.Fprintln(a.out, strings.Join(env.lines(), "\n"))
	}
	if out, ok := a.out.(io.Closer); ok {
		err = cmp.Or(err, out.Close())
	}
	return err
}

// announce prints how to reach the emulator. Failures to write are ignored: the emulator
// runs whether or not anything reads its output.
func (a *app) announce(server *sessionstest.Server, url string, env emulatorEnv) {
	if a.asJSON {
		_ = a.printJSON(struct {
			BaseURL    string      `json:"base_url"`
			APIURL     string      `json:"api_url"`
			Issuer     string      `json:"issuer"`
			SecretKey  string      `json:"secret_key,omitzero"`
			ControlURL string      `json:"control_url"`
			Env        emulatorEnv `json:"env"`
		}{url + "/v1", url, server.Issuer, env.SecretKey, url + "/_emulator", env})
		return
	}
	about := "opens nothing but an emulator"
	if env.SecretKey == "" {
		about = "as given"
	}
	_ = a.printRows([][]string{
		{"Base URL", url + "/v1", "for Clerk's Go and Python SDKs"},
		{"CLERK_API_URL", url, "for clerk-sessions and Clerk's JavaScript SDKs"},
		{"CLERK_SECRET_KEY", env.SecretKey, about},
		{"CLERK_PUBLISHABLE_KEY", env.PublishableKey},
		{"CLERK_JWT_KEY", oneLine(env.JWTKey)},
		{"Issuer of tokens", server.Issuer, "serves its keys at /.well-known/jwks.json"},
		{"Control API", url + "/_emulator", "moves the clock, injects faults, changes state; see openapi.yaml there"},
	})
	a.note("Ctrl-C stops it.")
}
