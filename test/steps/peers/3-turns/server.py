# Step 3, the server, as the lesson has it: listens, then speaks, and so on until one says "bye".
#
#   server.py PORT [HOST]
import socket
import sys

QUIT = b"bye"
port, host = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
family = socket.AF_INET6 if ":" in host else socket.AF_INET

sock = socket.socket(family, socket.SOCK_DGRAM)
sock.bind((host, port))
print("Waiting on port", sock.getsockname()[1])

while True:
    heard, peer = sock.recvfrom(1024)
    print(heard.decode())
    if heard == QUIT:
        break

    said = input().encode()
    sock.sendto(said, peer)
    if said == QUIT:
        break
sock.close()
