# Step 3, the client: speaks, then hears, then speaks... until one of the two says "bye".
import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 12345

family = socket.getaddrinfo(host, port)[0][0]
client = socket.socket(family, socket.SOCK_DGRAM)

while True:
    said = input("You: ")
    client.sendto(said.encode(), (host, port))
    if said == "bye":
        break

    datagram, peer = client.recvfrom(65535)
    heard = datagram.decode()
    print(heard)
    if heard == "bye":
        break

client.close()
