//go:build tools

// Package containerd pins containerd apart from the rest: it needs a newer
// k8s.io/cri-api than the Kubernetes that the rest is built with.
package containerd

import (
	_ "github.com/containerd/containerd/v2/cmd/containerd"
	_ "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"
	_ "github.com/containerd/containerd/v2/cmd/ctr"
)
