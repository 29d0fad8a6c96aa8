//go:build tools

// Package programs lists what the local platform builds from other projects,
// so that one go.mod pins them and one build cache serves them all.
package programs

import (
	_ "github.com/dexidp/dex/cmd/dex"
	_ "go.etcd.io/etcd/server/v3"
)
