// Package interop tests the emulator with Clerk's own clients: Go here, JavaScript in
// the folder js. They are configured with what `clerk-sessions emulate` prints.
package interop
