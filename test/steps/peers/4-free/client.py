# Step 4, the client, as the lesson has it: the server's Chat on a socket of its own.
#
#   client.py HOST PORT
import socket
import sys

from server import Chat

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET

Chat(socket.socket(family, socket.SOCK_DGRAM), (host, port)).run()
