# An HTTP client made of the standard library: prints what is at URL.
import sys
import urllib.request

# Without proxies, whatever the environment says: the server is on this machine.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
with opener.open(sys.argv[1]) as response:
    print(response.read().decode(), end="")
