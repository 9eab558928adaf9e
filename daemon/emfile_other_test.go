//go:build !linux

package daemon_test

const withFewDescriptors = "FAMCHAT_TEST_FEW_DESCRIPTORS"

func fewDescriptors() int { return 1 }
