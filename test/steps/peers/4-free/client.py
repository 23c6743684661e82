# Step 4, the client: talks and listens at any moment, until one of the two says "bye".
import os
import socket
import sys
import threading

host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 12345

family = socket.getaddrinfo(host, port)[0][0]
client = socket.socket(family, socket.SOCK_DGRAM)
client.connect((host, port))


def listen():
    while True:
        message = client.recv(65535).decode()
        print(message)
        if message == "bye":
            os._exit(0)


threading.Thread(target=listen, daemon=True).start()

for line in sys.stdin:
    message = line.rstrip("\n")
    client.send(message.encode())
    if message == "bye":
        break
