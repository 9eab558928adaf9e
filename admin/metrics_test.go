package admin

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestMetricsAreWhatPrometheusReads(t *testing.T) {
	evil := "a\"b\\c\nd\u202e\xff"
	f := &fake{
		stats: Stats{
			Version: "v1 " + evil, Started: time.Unix(1700000000, 500e6), Uptime: Duration(90 * time.Second), Members: 3, Choosing: 2, Peak: 7,
			Messages: 1 << 53, BytesRead: 12, Closed: map[string]uint64{"goodbye": 4, evil: 1}, LongestTurn: Duration(2500 * time.Microsecond),
		},
		plugins: []Plugin{
			{Name: "names", State: PluginRunning, Calls: 9, P99: Duration(time.Millisecond)},
			{Name: "profanity", State: PluginLeftAlone, Failures: 5},
		},
	}
	answer, body := serve(t, f).send("GET", "/metrics", "")
	if got := answer.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("it is %s", got)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%v in\n%s", err, body)
	}
	got := map[string]float64{}
	for name, family := range families {
		if family.GetHelp() == "" || !strings.HasPrefix(name, "famchat_") {
			t.Errorf("%s: the help is %q", name, family.GetHelp())
		}
		if strings.HasSuffix(name, "_total") != (family.GetType().String() == "COUNTER") {
			t.Errorf("%s is a %v", name, family.GetType())
		}
		for _, m := range family.GetMetric() {
			key := name
			for _, l := range m.GetLabel() {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			got[key] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	clean := "a\"b\\c d\ufffd"
	for key, want := range map[string]float64{
		"famchat_build_info version=v1 " + clean:                    1,
		"famchat_start_time_seconds":                                1700000000.5,
		"famchat_uptime_seconds":                                    90,
		"famchat_members state=named":                               3,
		"famchat_members state=choosing":                            2,
		"famchat_members_peak":                                      7,
		"famchat_messages_total":                                    1 << 53,
		"famchat_read_bytes_total":                                  12,
		"famchat_connections_closed_total reason=goodbye":           4,
		"famchat_connections_closed_total reason=" + clean:          1,
		"famchat_loop_longest_turn_seconds":                         0.0025,
		"famchat_plugin_running plugin=names":                       1,
		"famchat_plugin_running plugin=profanity":                   0,
		"famchat_plugin_calls_total plugin=names":                   9,
		"famchat_plugin_failures_total plugin=profanity":            5,
		"famchat_plugin_call_seconds plugin=names quantile=0.99":    0.001,
		"famchat_plugin_call_seconds plugin=profanity quantile=0.5": 0,
	} {
		if value, ok := got[key]; !ok || value != want {
			t.Errorf("%s: got %v (%v), want %v", key, value, ok, want)
		}
	}
}

func TestWithoutPluginsMetricsAreRead(t *testing.T) {
	_, body := serve(t, &fake{}).send("GET", "/metrics", "")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	if _, err := parser.TextToMetricFamilies(strings.NewReader(body)); err != nil {
		t.Errorf("%v in\n%s", err, body)
	}
}
