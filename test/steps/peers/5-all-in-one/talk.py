# Step 5, both ends: talks and listens at any moment, until one of the two says "bye".
import os
import socket
import sys
import threading

arguments = sys.argv[1:]
opens = arguments[:1] == ["--server"]
host = arguments[0] if arguments else "localhost"
port = int(arguments[1]) if len(arguments) > 1 else 12345

if opens:
    talk = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    talk.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    talk.bind(("::", port))
    print("Waiting on port", talk.getsockname()[1])
    # Only looks at the first datagram, to learn who the peer is: it stays there to be heard.
    datagram, peer = talk.recvfrom(65535, socket.MSG_PEEK)
    talk.connect(peer)
else:
    family = socket.getaddrinfo(host, port)[0][0]
    talk = socket.socket(family, socket.SOCK_DGRAM)
    talk.connect((host, port))


def listen():
    while True:
        message = talk.recv(65535).decode()
        print(message)
        if message == "bye":
            os._exit(0)


listener = threading.Thread(target=listen, daemon=True)
listener.start()

for line in sys.stdin:
    message = line.rstrip("\n")
    talk.send(message.encode())
    if message == "bye":
        os._exit(0)
if opens:
    listener.join()
