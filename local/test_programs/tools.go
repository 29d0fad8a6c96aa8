//go:build tools

// Package tests pins programs that only the tests need, apart from those of the platform: they
// share nothing with these, and a change here builds nothing of the platform anew.
package tests

import (
	_ "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs"
	_ "github.com/VictoriaMetrics/VictoriaLogs/app/vlagent"
	_ "github.com/versity/versitygw/cmd/versitygw"
)
