# Step 2, the client: sends one message, waits for the answer and prints it.
import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 12345

family = socket.getaddrinfo(host, port)[0][0]
client = socket.socket(family, socket.SOCK_DGRAM)

message = input("Message: ")
client.sendto(message.encode(), (host, port))

datagram, peer = client.recvfrom(65535)
print(datagram.decode())
client.close()
