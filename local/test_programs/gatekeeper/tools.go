//go:build tools

// Package gatekeeper pins Gatekeeper and its tool gator, which the tests alone need. Libraries are
// those of local/programs/addons as far as these are newer: packages that are the same compile once.
package gatekeeper

import (
	_ "github.com/open-policy-agent/gatekeeper/v3"
	_ "github.com/open-policy-agent/gatekeeper/v3/cmd/gator"
)
