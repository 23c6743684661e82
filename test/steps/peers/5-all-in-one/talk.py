# Step 5, both ends, as the lesson has it: step 4's Chat, as the server or the client.
#
#   talk.py --server PORT [HOST]
#   talk.py --client HOST PORT
import _thread
import os
import socket
import sys

QUIT = b"bye"


class Chat:
    def __init__(self, sock, peer):
        self.sock = sock
        self.peer = peer

    def run(self):
        _thread.start_new_thread(self.sending, ())
        self.receiving()
        self.sock.close()
        os._exit(0)  # for the same reason as in step 4

    def sending(self):
        while True:
            try:
                message = input().encode()
            except EOFError:
                break
            self.sock.sendto(message, self.peer)
            if message == QUIT:
                break

    def receiving(self):
        while True:
            message, peer = self.sock.recvfrom(1024)
            print(message.decode())
            if message == QUIT:
                self.sock.sendto(QUIT, self.peer)
                break


mode, *where = sys.argv[1:]
if mode == "--server":
    port, host = int(where[0]), where[1] if len(where) > 1 else ""
else:
    host, port = where[0], int(where[1])
sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)

if mode == "--server":
    sock.bind((host, port))
    print("Waiting on port", sock.getsockname()[1])
    message, client = sock.recvfrom(0, socket.MSG_PEEK)
    Chat(sock, client).run()
else:
    Chat(sock, (host, port)).run()
