# The lesson's HTTP client: asks HOST for its front page and prints the first 2,048 bytes that come.
# The lesson's request is `GET /` and no more, as in HTTP 0.9, which servers no longer speak.
import socket
import sys

host = sys.argv[1]
port = int(sys.argv[2]) if len(sys.argv) > 2 else 80

client = socket.create_connection((host, port))
client.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())

left = 2048
while left > 0:
    chunk = client.recv(left)
    if not chunk:
        break
    sys.stdout.buffer.write(chunk)
    left -= len(chunk)
client.close()
