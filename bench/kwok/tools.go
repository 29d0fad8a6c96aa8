//go:build tools

// Package kwok pins KWOK, which plays nodes and kubelets for the benchmarks.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"
