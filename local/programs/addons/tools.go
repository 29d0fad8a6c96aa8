//go:build tools

// Package addons pins programs of the cluster apart from the rest: they are written
// against the Kubernetes libraries of another release, which they share.
package addons

import (
	_ "sigs.k8s.io/kube-network-policies/cmd/kube-network-policies/standard"
	_ "sigs.k8s.io/kueue/cmd/kueue"
	_ "github.com/restic/restic/cmd/restic"
	_ "github.com/restic/rest-server/cmd/rest-server"
)
