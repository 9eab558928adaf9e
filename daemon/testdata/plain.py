"""The plainest client: python3 plain.py HOST PORT < lines. It packs lines and prints bytes."""
import socket, struct, sys, threading

conn = socket.create_connection((sys.argv[1], int(sys.argv[2])))
stream = conn.makefile("rb")

def show():
    while header := stream.read(8):
        sys.stdout.buffer.write(stream.read(struct.unpack(">Q", header)[0]))
        sys.stdout.flush()

reader = threading.Thread(target=show)
reader.start()
for line in sys.stdin.buffer:
    conn.sendall(struct.pack(">Q", len(line)) + line)  # the line break, too
conn.sendall(struct.pack(">Q", 0))
reader.join()
