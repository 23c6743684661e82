# The other end of the plain wire, as a ten-line Python script: sends TEXT to HOST PORT, prints an
# answer when ANSWERS is 1.
import socket
import sys

host, port, text, answers = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.settimeout(20)
sock.sendto(text.encode(), (host, port))
for _ in range(answers):
    print(sock.recv(65536).decode())
