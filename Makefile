# Every target sets up what it needs: Go downloads the modules and tools that
# go.mod pins. The race detector wants a C compiler.

.PHONY: build run test bench check fuzz clean

build:
	go build -o bin/ ./daemon/famchatd ./client/famchat ./admin/famchat-admin ./bench/famchat-bench ./plugins/famchat-plugin-...

run: build
	bin/famchatd -c famchat.yaml

# test runs everything CI runs.
test: check
	go test -race -timeout 30m ./...

check:
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt: $$unformatted"; exit 1; }
	go vet ./...
	GOOS=darwin go vet ./admin/... ./client/... ./daemon/... ./protocol/...
	GOOS=freebsd go vet ./admin/... ./daemon/internal/loop
	go tool staticcheck ./...

bench: build
	bin/famchat-bench
	go test -run '^$$' -bench . -cpu 1 ./plugins/famchat-plugin-profanity/internal/filter

clean:
	rm -rf bin
