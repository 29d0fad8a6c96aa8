//go:build tools

// Package kueue pins Kueue apart from the rest: it is written against the
// Kubernetes libraries of another release.
package kueue

import _ "sigs.k8s.io/kueue/cmd/kueue"
