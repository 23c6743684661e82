# Step 3, the client, as the lesson has it: speaks, then listens, and so on until one says "bye".
#
#   client.py HOST PORT
import socket
import sys

QUIT = b"bye"
host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET

sock = socket.socket(family, socket.SOCK_DGRAM)
while True:
    said = input().encode()
    sock.sendto(said, (host, port))
    if said == QUIT:
        break

    heard, peer = sock.recvfrom(1024)
    print(heard.decode())
    if heard == QUIT:
        break
sock.close()
