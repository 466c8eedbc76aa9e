// Package interop tests the emulator with Clerk's own clients: Go here, JavaScript in
// the folder js. They reach it by what `clerk-sessions emulate` prints.
package interop
