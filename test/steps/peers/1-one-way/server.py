# Step 1, the server: waits for one message, prints it and ends.
import socket
import sys

port = int(sys.argv[1]) if len(sys.argv) > 1 else 12345

server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.bind(("::", port))
print("Waiting on port", server.getsockname()[1])

datagram, peer = server.recvfrom(65535)
print(datagram.decode())
server.close()
