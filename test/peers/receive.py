# The other end of the plain wire, as a ten-line Python script: listens on HOST at a free port, which
# it prints, prints each of COUNT messages, and answers each with its text in capitals.
import socket
import sys

host, count = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.settimeout(20)
sock.bind((host, 0))
print("port", sock.getsockname()[1], flush=True)
for _ in range(count):
    data, peer = sock.recvfrom(65536)
    print("heard", data.decode(), flush=True)
    sock.sendto(data.decode().upper().encode(), peer)
