# Step 3, the server: hears, then speaks, then hears... until one of the two says "bye".
import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 12345

server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.bind(("::", port))
print("Waiting on port", server.getsockname()[1])

while True:
    datagram, peer = server.recvfrom(65535)
    heard = datagram.decode()
    print(heard)
    if heard == "bye":
        break

    said = input("You: ")
    server.sendto(said.encode(), peer)
    if said == "bye":
        break

server.close()
