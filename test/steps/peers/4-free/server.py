# Step 4, the server, as the lesson has it: a thread reads the keyboard while the main one listens.
#
#   server.py PORT [HOST]
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
        # The lesson just ends here. Python aborts then if the thread still reads from a pipe, as it
        # does in a test; it would not on a terminal.
        os._exit(0)

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


if __name__ == "__main__":
    port, host = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((host, port))
    print("Waiting on port", sock.getsockname()[1])

    # Only looks who is there: the message stays in the socket, to be received.
    message, client = sock.recvfrom(0, socket.MSG_PEEK)
    Chat(sock, client).run()
