# Step 4, the server: talks and listens at any moment, until one of the two says "bye".
import os
import socket
import sys
import threading

port = int(sys.argv[1]) if len(sys.argv) > 1 else 12345

server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.bind(("::", port))
print("Waiting on port", server.getsockname()[1])


def show(datagram):
    message = datagram.decode()
    print(message)
    if message == "bye":
        os._exit(0)


def listen():
    while True:
        show(server.recv(65535))


datagram, peer = server.recvfrom(65535)
show(datagram)
listener = threading.Thread(target=listen, daemon=True)
listener.start()

for line in sys.stdin:
    message = line.rstrip("\n")
    server.sendto(message.encode(), peer)
    if message == "bye":
        os._exit(0)
listener.join()
