# Step 2, the server, as the lesson has it: prints one message and its sender, and answers.
#
#   server.py PORT [HOST]
import socket
import sys

port, host = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
family = socket.AF_INET6 if ":" in host else socket.AF_INET

sock = socket.socket(family, socket.SOCK_DGRAM)
sock.bind((host, port))
print("Waiting on port", sock.getsockname()[1])

message, peer = sock.recvfrom(1024)
print(message.decode(), peer)
sock.sendto("qué tal?".encode(), peer)
sock.close()
