// Package clerkenv reads the environment variables that Clerk's own SDKs read.
package clerkenv
