package admin

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"famchat/internal/safetext"
)

// The types of metrics.
const (
	counter = "counter"
	gauge   = "gauge"
)

// exporter writes the text format of Prometheus, version 0.0.4.
type exporter struct{ out []byte }

// family begins a metric: what it is called, and what it says.
func (x *exporter) family(name, kind, help string) {
	x.out = fmt.Appendf(x.out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample writes a value, with labels in pairs.
func (x *exporter) sample(name string, value float64, labels ...string) {
	x.out = append(x.out, name...)
	for i := 0; i < len(labels); i += 2 {
		open := byte(',')
		if i == 0 {
			open = '{'
		}
		x.out = append(x.out, open)
		x.out = fmt.Appendf(x.out, `%s="%s"`, labels[i], escapeLabel.Replace(safetext.Line(labels[i+1])))
	}
	if len(labels) > 0 {
		x.out = append(x.out, '}')
	}
	x.out = append(x.out, ' ')
	x.out = strconv.AppendFloat(x.out, value, 'g', -1, 64)
	x.out = append(x.out, '\n')
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (x *exporter) single(name, kind, help string, value float64) {
	x.family(name, kind, help)
	x.sample(name, value)
}

// exposeMetrics writes what has been counted, of the daemon and of its plugins.
func exposeMetrics(s Stats, plugins []Plugin, watching int64) exposition {
	x := new(exporter)
	x.family("famchat_build_info", gauge, "The version that runs, as a label.")
	x.sample("famchat_build_info", 1, "version", s.Version)
	x.single("famchat_start_time_seconds", gauge, "When the daemon started, in Unix time.", float64(s.Started.UnixNano())/1e9)
	x.single("famchat_uptime_seconds", gauge, "How long it has run.", seconds(s.Uptime))
	x.family("famchat_members", gauge, "Who is connected: with a name, or still choosing one.")
	x.sample("famchat_members", float64(s.Members), "state", "named")
	x.sample("famchat_members", float64(s.Choosing), "state", "choosing")
	x.single("famchat_members_peak", gauge, "The most members at once since the start.", float64(s.Peak))
	x.single("famchat_messages_total", counter, "Messages posted, public and private.", float64(s.Messages))
	x.single("famchat_deliveries_total", counter, "Messages delivered; a public one to ten members is ten.", float64(s.Deliveries))
	x.single("famchat_read_bytes_total", counter, "Bytes read from connections.", float64(s.BytesRead))
	x.single("famchat_written_bytes_total", counter, "Bytes written to connections.", float64(s.BytesWritten))
	x.single("famchat_backlog_bytes", gauge, "Bytes that wait for all members together.", float64(s.Backlog))
	x.single("famchat_connections_accepted_total", counter, "Connections accepted.", float64(s.Accepted))
	x.single("famchat_connections_refused_total", counter, "Connections for which there was no file descriptor.", float64(s.Refused))
	x.family("famchat_connections_closed_total", counter, "Connections that ended, by why.")
	for _, reason := range slices.Sorted(maps.Keys(s.Closed)) {
		x.sample("famchat_connections_closed_total", float64(s.Closed[reason]), "reason", reason)
	}
	x.single("famchat_loop_turns_total", counter, "Turns of the event loop.", float64(s.Turns))
	x.single("famchat_loop_longest_turn_seconds", gauge, "The longest turn of the event loop since the start.", seconds(s.LongestTurn))
	x.single("famchat_log_records_lost_total", counter, "Records that the log was too slow for.", float64(s.LogLost))
	x.single("famchat_shutdown_in_seconds", gauge, "How long the countdown to a stop has to go; 0 is none.", seconds(s.ShutdownIn))
	x.single("famchat_admin_watchers", gauge, "Who watches through the admin socket.", float64(watching))
	if len(plugins) > 0 {
		x.plugins(plugins)
	}
	return x.out
}

func (x *exporter) plugins(plugins []Plugin) {
	for _, m := range []struct {
		name, kind, help string
		value            func(Plugin) float64
	}{
		{"famchat_plugin_running", gauge, "Whether the plugin runs.", func(p Plugin) float64 {
			if p.State == PluginRunning {
				return 1
			}
			return 0
		}},
		{"famchat_plugin_calls_total", counter, "Calls of the plugin.", func(p Plugin) float64 { return float64(p.Calls) }},
		{"famchat_plugin_failures_total", counter, "Calls that failed.", func(p Plugin) float64 { return float64(p.Failures) }},
		{"famchat_plugin_crashes_total", counter, "Times that it ended by itself.", func(p Plugin) float64 { return float64(p.Crashes) }},
		{"famchat_plugin_restarts_total", counter, "Times that it was started again.", func(p Plugin) float64 { return float64(p.Restarts) }},
		{"famchat_plugin_ungranted_total", counter, "Effects that it had no grant for.", func(p Plugin) float64 { return float64(p.Ungranted) }},
		{"famchat_plugin_unseen_total", counter, "Events that it was too slow for.", func(p Plugin) float64 { return float64(p.Unseen) }},
	} {
		x.family(m.name, m.kind, m.help)
		for _, p := range plugins {
			x.sample(m.name, m.value(p), "plugin", p.Name)
		}
	}
	x.family("famchat_plugin_call_seconds", gauge, "How long its latest calls took, by quantile.")
	for _, p := range plugins {
		x.sample("famchat_plugin_call_seconds", seconds(p.P50), "plugin", p.Name, "quantile", "0.5")
		x.sample("famchat_plugin_call_seconds", seconds(p.P99), "plugin", p.Name, "quantile", "0.99")
	}
}

func seconds(d Duration) float64 { return time.Duration(d).Seconds() }
