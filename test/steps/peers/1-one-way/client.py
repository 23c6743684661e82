# Step 1, the client, as the lesson has it: sends "hello", unasked, and ends.
#
#   client.py HOST PORT
import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET

sock = socket.socket(family, socket.SOCK_DGRAM)
sock.sendto("hello".encode(), (host, port))
sock.close()
