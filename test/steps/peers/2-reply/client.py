# Step 2, the client, as the lesson has it: sends "hola" and prints the answer and who it came from.
#
#   client.py HOST PORT
import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET

sock = socket.socket(family, socket.SOCK_DGRAM)
sock.sendto("hola".encode(), (host, port))

message, peer = sock.recvfrom(1024)
print(f"{message.decode()} from {peer}")
sock.close()
