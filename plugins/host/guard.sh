# Ends what a daemon's plugins have started, once the daemon is gone: its end is
# that of stdin, which nothing else closes. On stdin come the numbers of the plugins'
# process groups, "+ 123" when one begins and "- 123" when it has ended. $1 is what
# the environment of every plugin has, so of what it starts too: whoever has left its
# group for another is found by that, where there is a /proc.
trap '' HUP INT QUIT TERM
groups=' '
while read -r change group; do
	case "$change $groups" in
	+*) groups="$groups$group " ;;
	-*" $group "*) groups="${groups%% "$group" *} ${groups#* "$group" }" ;;
	esac
done
for group in $groups; do
	kill -s KILL -- "-$group"
done
for round in 1 2 3 4 5 6 7 8 9 10; do
	found=$(grep -Flsxz -e "$1" /proc/[0-9]*/environ)
	[ "$found" ] || break
	for environ in $found; do
		pid=${environ#/proc/}
		kill -s KILL "${pid%/environ}"
	done
done
