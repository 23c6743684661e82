# Step 1, the client: asks for one message, sends it and ends.
import socket
import sys

host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 12345

family = socket.getaddrinfo(host, port)[0][0]
client = socket.socket(family, socket.SOCK_DGRAM)

message = input("Message: ")
client.sendto(message.encode(), (host, port))
client.close()
