//go:build ignore

/*
 * famchat-floor: the floor that famchatd is measured against. It is the
 * cheapest program that copies the bytes of one socket to all others, built the
 * way the daemon is: one thread, non-blocking sockets, one shared ring of bytes
 * and for every connection a cursor into it, one send a connection and turn. It
 * knows nothing of frames, names or chat, checks nothing and draws nothing.
 *
 * What a connection sends goes to ALL connections, the sender included: the
 * daemon answers every message with the author's echo, so the number of
 * deliveries is the same.
 *
 * Bytes are never lost and never reordered, and all connections read the same
 * order. A connection that cannot take everything keeps its cursor and is
 * watched for room; when the ring has no room for another turn nothing is read
 * or accepted until the slowest has caught up. (So one that never reads stops
 * everybody. The daemon would cut it off; the generator always reads.)
 *
 * Usage: famchat-floor [--poll]. It takes epoll(7), or poll(2) with --poll,
 * listens on a free port of 127.0.0.1 and says which on stderr. It ends by
 * SIGTERM.
 *
 * The first line keeps the go command from compiling this file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DESCRIPTORS_MAX = 20000, /* connections and the few others */
	READ_BYTES = 64 << 10,   /* read of one connection in one turn */
	READS_MAX = 64,          /* connections read in one turn */
	TURN_BYTES = READ_BYTES * READS_MAX,
	RING_BYTES = 2 * TURN_BYTES, /* a power of two and whole pages */
	BACKLOG = 4096,
};

struct client {
	int fd;
	bool full;  /* took less than it was offered; its room is watched */
	bool gone;  /* closed at the end of the turn */
	uint64_t cursor; /* what it has been sent, as an offset into the stream */
};

/* clients[i] is watched by watch[i + 1]; watch[0] is the listener. With epoll
 * watch is not touched, so that it costs no memory. */
static struct client clients[DESCRIPTORS_MAX];
static struct pollfd watch[DESCRIPTORS_MAX + 1];
static int slot_of_fd[DESCRIPTORS_MAX];
static int count;
static bool any_gone;

static char *ring;      /* RING_BYTES, mapped twice in a row */
static uint64_t end;    /* bytes ever read */
static uint64_t oldest; /* no cursor is before this */

static int listener, ep = -1; /* ep < 0: poll(2) */

static void die(const char *what) {
	perror(what);
	exit(1);
}

/* map_ring maps the same pages twice in a row, so that whatever lies in the ring
 * is contiguous: a read or a send is never cut in two where the ring wraps. */
static void map_ring(void) {
	int fd = memfd_create("ring", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, RING_BYTES) < 0)
		die("ring");
	ring = mmap(NULL, 2 * (size_t)RING_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED)
		die("mmap");
	for (int half = 0; half < 2; half++)
		if (mmap(ring + (size_t)half * RING_BYTES, RING_BYTES, PROT_READ | PROT_WRITE,
		         MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			die("mmap");
	close(fd);
}

/* watch_client says what c waits for: always bytes, and room while it is full. */
static void watch_client(struct client *c, int op) {
	if (ep < 0) {
		struct pollfd *p = &watch[c - clients + 1];
		p->fd = c->fd;
		p->events = POLLIN | (c->full ? POLLOUT : 0);
		p->revents = 0;
		return;
	}
	struct epoll_event e = {.events = EPOLLIN | (c->full ? EPOLLOUT : 0), .data.fd = c->fd};
	if (epoll_ctl(ep, op, c->fd, &e) < 0)
		die("epoll_ctl");
}

static void drop(struct client *c) {
	c->gone = true;
	any_gone = true;
}

/* flush sends c everything between its cursor and the end. */
static void flush(struct client *c) {
	bool was_full = c->full;
	if (c->gone)
		return;
	while (c->cursor != end) {
		size_t rest = end - c->cursor;
		ssize_t n = send(c->fd, ring + c->cursor % RING_BYTES, rest, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			drop(c);
			return;
		}
		if (n > 0)
			c->cursor += (uint64_t)n;
		if (n < (ssize_t)rest) {
			c->full = true;
			break;
		}
		c->full = false;
	}
	if (c->full != was_full)
		watch_client(c, EPOLL_CTL_MOD);
}

/* flush_all flushes whoever has something to read and is not known to be full. */
static void flush_all(void) {
	for (int i = 0; i < count; i++)
		if (clients[i].cursor != end && !clients[i].full)
			flush(&clients[i]);
}

/* close_gone closes what was marked, at the end of a turn and never in it. */
static void close_gone(void) {
	if (!any_gone)
		return;
	any_gone = false;
	for (int i = count - 1; i >= 0; i--) {
		if (!clients[i].gone)
			continue;
		close(clients[i].fd); /* epoll forgets it */
		clients[i] = clients[--count];
		if (i == count)
			continue;
		slot_of_fd[clients[i].fd] = i;
		if (ep < 0)
			watch[i + 1] = watch[count + 1];
	}
}

static bool has_room(void) {
	return RING_BYTES - (end - oldest) >= TURN_BYTES;
}

/* make_room returns when the ring has room for a whole turn. Until then it only
 * waits for those who are behind. */
static void make_room(void) {
	static struct pollfd behind[DESCRIPTORS_MAX];
	while (!has_room()) {
		nfds_t n = 0;
		oldest = end;
		for (int i = 0; i < count; i++) {
			if (clients[i].cursor == end)
				continue;
			if (clients[i].cursor < oldest)
				oldest = clients[i].cursor;
			behind[n++] = (struct pollfd){.fd = clients[i].fd, .events = POLLOUT};
		}
		if (has_room())
			return;
		if (poll(behind, n, -1) < 0 && errno != EINTR)
			die("poll");
		for (int i = 0; i < count; i++)
			if (clients[i].cursor != end)
				flush(&clients[i]);
		close_gone();
	}
}

static void accept_all(void) {
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno == EAGAIN)
			return;
		if (fd < 0 || fd >= DESCRIPTORS_MAX)
			die("accept");
		int on = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		struct client *c = &clients[count];
		*c = (struct client){.fd = fd, .cursor = end};
		slot_of_fd[fd] = count++;
		watch_client(c, EPOLL_CTL_ADD);
	}
}

/* serve does what c is ready for. The caller has made room for the read. */
static void serve(struct client *c, bool readable, bool writable) {
	if (writable)
		flush(c);
	if (!readable || c->gone)
		return;
	ssize_t n = recv(c->fd, ring + end % RING_BYTES, READ_BYTES, 0);
	if (n > 0)
		end += (uint64_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		drop(c);
}

/* turn_epoll serves at most READS_MAX connections. Those it did not fetch stay at
 * the head of the kernel's list, so nobody starves. */
static void turn_epoll(void) {
	static struct epoll_event events[READS_MAX];
	int n = epoll_wait(ep, events, READS_MAX, -1);
	if (n < 0 && errno != EINTR)
		die("epoll_wait");
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == listener)
			accept_all();
		else
			serve(&clients[slot_of_fd[events[i].data.fd]], events[i].events & ~EPOLLOUT,
			      events[i].events & EPOLLOUT);
	}
}

/* turn_poll serves at most READS_MAX connections, beginning after the one that
 * was served last. */
static void turn_poll(void) {
	static int next;
	int polled = count;
	int n = poll(watch, (nfds_t)polled + 1, -1);
	if (n < 0 && errno != EINTR)
		die("poll");
	bool incoming = n > 0 && watch[0].revents;
	if (incoming)
		n--;
	if (n > READS_MAX)
		n = READS_MAX;
	for (int seen = 0; n > 0 && seen < polled; seen++) {
		if (next >= polled)
			next = 0;
		struct client *c = &clients[next++];
		short got = watch[c - clients + 1].revents;
		if (!got)
			continue;
		serve(c, got & ~POLLOUT, got & POLLOUT);
		n--;
	}
	if (incoming)
		accept_all();
}

static void start(bool with_poll) {
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	map_ring();
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, size) < 0 ||
	    listen(listener, BACKLOG) < 0 || getsockname(listener, (struct sockaddr *)&at, &size) < 0)
		die("listen");
	if (with_poll) {
		watch[0] = (struct pollfd){.fd = listener, .events = POLLIN};
	} else {
		struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
		ep = epoll_create1(EPOLL_CLOEXEC);
		if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e) < 0)
			die("epoll");
	}
	fprintf(stderr, "listening addr=127.0.0.1:%d\n", ntohs(at.sin_port));
}

int main(int argc, char **argv) {
	bool with_poll = argc == 2 && strcmp(argv[1], "--poll") == 0;
	if (argc > 1 && !with_poll) {
		fprintf(stderr, "usage: famchat-floor [--poll]\n");
		return 2;
	}
	start(with_poll);
	for (;;) {
		make_room();
		if (with_poll)
			turn_poll();
		else
			turn_epoll();
		flush_all();
		close_gone();
	}
}
