package plugintest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"famchat/plugins/internal/contract"
)

// The limits and deadlines that docs/plugins.md names are those that there are.
func TestTheDocumentHasTheLimits(t *testing.T) {
	doc, err := os.ReadFile("../../docs/plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fmt.Sprintf("| items of one request (names, messages, events) | %d |", contract.MaxBatch),
		fmt.Sprintf("| their texts together, unless it is a single one | %d KiB |", contract.MaxBatchBytes>>10),
		fmt.Sprintf("| an answer | %d MiB |", contract.MaxAnswerBytes>>20),
		fmt.Sprintf("| a text or a reason in a verdict or an effect | %d bytes |", contract.MaxTextBytes),
		fmt.Sprintf("| a command's reply | %d KiB |", contract.MaxReplyBytes>>10),
		fmt.Sprintf("| a command's effects | %d |", contract.MaxEffects),
		fmt.Sprintf("| a plugin's commands | %d |", contract.MaxCommands),
		fmt.Sprintf("`Allow`, `Reject(reason)` | %d ms", contract.NameTimeout/time.Millisecond),
		fmt.Sprintf("`Drop` | %d ms", contract.MessageTimeout/time.Millisecond),
		fmt.Sprintf("a `Result` | %d s |", contract.CommandTimeout/time.Second),
		fmt.Sprintf("| nothing | %d s |", contract.ObserveTimeout/time.Second),
		contract.Handshake.MagicCookieKey + "` with the value `" + contract.Handshake.MagicCookieValue + "`",
		"`" + contract.EnvLifeline + "` is `" + contract.LifelineStdin + "`",
		"`" + contract.EnvLogLevel + "`", "`" + contract.EnvDir + "`",
	} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("docs/plugins.md does not say %q", want)
		}
	}
}
